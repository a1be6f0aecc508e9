-- How often sessions had to bring a file to disk themselves.
SELECT
    buffers_backend_fsync AS fsyncs,
    stats_reset AS stats_reset
FROM pg_stat_bgwriter
