-- The sessions that have done nothing for longest in an open transaction; seconds.
SELECT
    pid,
    usename AS role,
    application_name AS program,
    state,
    extract(epoch FROM clock_timestamp() - state_change)::float8 AS seconds
FROM pg_stat_activity
WHERE state LIKE 'idle in transaction%'
ORDER BY state_change
LIMIT 10
