-- The statements that have been running for longest, our own and dumps left out; seconds. The statement is to
-- be masked.
SELECT
    pid,
    usename AS role,
    application_name AS program,
    coalesce(wait_event_type || ' ' || wait_event, 'working') AS state,
    extract(epoch FROM clock_timestamp() - query_start)::float8 AS seconds,
    left(query, 1000) AS statement
FROM pg_stat_activity
WHERE state = 'active'
    AND backend_type = 'client backend'
    AND application_name <> 'pg_dump'
    AND pid <> pg_backend_pid()
ORDER BY query_start
LIMIT 10
