-- Reads by the sessions of the whole server, and the milliseconds that they waited for them.
SELECT
    current_setting('track_io_timing')::bool AS is_timed,
    coalesce(sum(reads), 0)::bigint AS reads,
    coalesce(sum(read_time), 0)::float8 AS milliseconds,
    min(stats_reset) AS stats_reset
FROM pg_stat_io
WHERE object = 'relation' AND backend_type = 'client backend'
