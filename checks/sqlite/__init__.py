"""SQLite: is the file there and whole, and is it kept as it should be?"""

from . import content, file, locks, place

CHECKS = (
    file.availability,
    file.permissions,
    file.journal_mode,
    file.wal_size,
    file.freelist,
    locks.wal_blocked,
    locks.busy,
    place.placement,
    place.size,
    place.library,
    place.backup_age,
    content.quick_check,
    content.integrity,
    content.foreign_keys,
    content.schema,
)
