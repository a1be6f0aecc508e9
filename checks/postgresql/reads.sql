-- Blocks of this database that were read, and the milliseconds that sessions waited for them.
SELECT
    current_setting('track_io_timing')::bool AS is_timed,
    blks_read AS reads,
    blk_read_time AS milliseconds,
    stats_reset AS stats_reset
FROM pg_stat_database
WHERE datname = current_database()
