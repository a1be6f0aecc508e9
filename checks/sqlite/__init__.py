"""SQLite: is the file there and whole, and is it kept as it should be?"""

from . import content, file

CHECKS = (
    file.availability,
    file.permissions,
    file.journal_mode,
    file.wal_size,
    file.freelist,
    content.integrity,
    content.foreign_keys,
)
