-- The sessions that have done nothing for longest in an open transaction, dumps left out: one with several jobs
-- waits in its own for all of them; seconds.
SELECT
    pid,
    usename AS role,
    application_name AS program,
    state,
    extract(epoch FROM clock_timestamp() - state_change)::float8 AS seconds
FROM pg_stat_activity
WHERE state LIKE 'idle in transaction%' AND application_name <> 'pg_dump'
ORDER BY state_change
LIMIT 10
