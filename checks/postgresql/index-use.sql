-- Index scans of this database, since when they are counted, for how many seconds, and connected standbys.
SELECT
    (SELECT coalesce(sum(idx_scan), 0) FROM pg_stat_user_indexes)::float8 AS scans,
    stats_reset AS stats_reset,
    coalesce(extract(epoch FROM clock_timestamp() - stats_reset), 0)::float8 AS seconds,
    (SELECT count(*) FROM pg_stat_replication) AS standbys
FROM pg_stat_database
WHERE datname = current_database()
