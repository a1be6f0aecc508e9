-- Queries that were cancelled because replay needed what they read, by database.
SELECT
    c.datname::text AS name,
    c.confl_tablespace + c.confl_lock + c.confl_snapshot + c.confl_bufferpin + c.confl_deadlock AS conflicts,
    d.stats_reset AS stats_reset
FROM pg_stat_database_conflicts AS c
JOIN pg_stat_database AS d ON d.datid = c.datid
ORDER BY name
