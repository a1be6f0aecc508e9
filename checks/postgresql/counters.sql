-- What was counted in this database since its statistics began.
SELECT
    deadlocks,
    xact_commit AS commits,
    xact_rollback AS rollbacks,
    temp_bytes,
    blks_hit AS blocks_hit,
    blks_read AS blocks_read,
    sessions,
    sessions_abandoned AS abandoned,
    sessions_fatal AS fatal,
    sessions_killed AS killed,
    stats_reset
FROM pg_stat_database
WHERE datname = current_database()
