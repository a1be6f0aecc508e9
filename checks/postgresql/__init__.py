"""PostgreSQL: is it there, who holds it up, is it copied and archived, and will it go on?"""

from . import maintenance, replication, server, sessions

CHECKS = (
    server.availability,
    server.unsafe_settings,
    sessions.connections,
    sessions.idle_in_transaction,
    sessions.longest_transaction,
    sessions.blocked_sessions,
    replication.replication_lag,
    replication.replication_backlog,
    replication.replication_slots,
    replication.archiver,
    replication.archive_queue,
    maintenance.wraparound,
    maintenance.sequences,
    maintenance.invalid_indexes,
)
