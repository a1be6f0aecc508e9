-- The sessions with the oldest open transactions, our own and dumps left out; seconds.
SELECT
    pid,
    usename AS role,
    application_name AS program,
    state,
    extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds
FROM pg_stat_activity
WHERE backend_type = 'client backend'
    AND xact_start IS NOT NULL
    AND application_name <> 'pg_dump'
    AND pid <> pg_backend_pid()
ORDER BY xact_start
LIMIT 10
