-- How often sessions had to bring a file to disk themselves.
SELECT
    coalesce(sum(fsyncs), 0)::bigint AS fsyncs,
    min(stats_reset) AS stats_reset
FROM pg_stat_io
WHERE object = 'relation' AND backend_type = 'client backend'
