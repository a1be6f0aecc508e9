-- Autovacuum workers at work, how many there can be, and for how many seconds the oldest has been working
-- against wraparound.
SELECT
    count(*) AS running,
    current_setting('autovacuum_max_workers')::int AS workers,
    coalesce(
        max(extract(epoch FROM clock_timestamp() - xact_start))
            FILTER (WHERE query LIKE '%to prevent wraparound%'),
        0
    )::float8 AS seconds
FROM pg_stat_activity
WHERE backend_type = 'autovacuum worker'
