-- The sessions of the server but this one; ages in seconds. The wait for a row is one for the transaction that
-- has it, so its table is that of the row lock taken on the way there. Names of tables are known in one
-- database only. Blockers are asked for where somebody waits, because asking takes the lock manager's locks.
WITH blocked AS MATERIALIZED (
    SELECT
        pid AS pid,
        pg_blocking_pids(pid) AS blockers
    FROM pg_stat_activity
    WHERE wait_event_type = 'Lock'
),
wanted AS (
    SELECT DISTINCT ON (l.pid)
        l.pid AS pid,
        l.mode AS mode,
        l.locktype AS locktype,
        coalesce(l.relation, r.relation) AS relation,
        coalesce(l.database, r.database) AS database,
        extract(epoch FROM clock_timestamp() - l.waitstart)::float8 AS waits
    FROM pg_locks AS l
    LEFT JOIN pg_locks AS r ON r.pid = l.pid AND r.locktype = 'tuple' AND r.granted
    WHERE NOT l.granted
    ORDER BY l.pid, l.waitstart
)
SELECT
    a.pid AS pid,
    to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24\:MI\:SS.US"Z"') AS started,
    coalesce(a.usename, '') AS role,
    coalesce(a.application_name, '') AS program,
    coalesce(a.client_hostname, host(a.client_addr), 'local') AS client,
    coalesce(a.datname, '') AS database,
    a.backend_type AS kind,
    coalesce(a.state, '') AS state,
    extract(
        epoch FROM clock_timestamp()
        - CASE WHEN a.state = 'active' THEN a.query_start ELSE coalesce(a.state_change, a.backend_start) END
    )::float8 AS seconds,
    coalesce(a.wait_event_type || ' ' || a.wait_event, '') AS wait,
    w.waits AS waits,
    coalesce(w.mode, '') AS mode,
    coalesce(w.locktype, '') AS locktype,
    CASE
        WHEN w.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
            OR w.database = 0
            THEN w.relation::regclass::text
    END AS relation,
    coalesce(b.blockers, '{}') AS blockers,
    coalesce(a.query, '') AS statement,
    coalesce(
        to_char(a.query_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24\:MI\:SS.US"Z"'), ''
    ) AS statement_started
FROM pg_stat_activity AS a
LEFT JOIN blocked AS b ON b.pid = a.pid
LEFT JOIN wanted AS w ON w.pid = a.pid
WHERE a.pid <> pg_backend_pid()
    AND (a.datname IS NOT NULL OR a.backend_type IN ('client backend', 'walsender'))
ORDER BY a.pid
