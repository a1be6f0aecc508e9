-- Sessions that wait for a lock, and those that they wait for; seconds waited, 0 for who does not wait, and
-- seconds that their transaction is open. A blocker 0 is a prepared transaction. When a wait began is unknown
-- for its first moment. The statement is to be masked.
WITH waiting AS MATERIALIZED (
    SELECT pid, pg_blocking_pids(pid) AS blockers
    FROM pg_stat_activity
    WHERE wait_event_type = 'Lock'
)
SELECT
    a.pid,
    coalesce(a.usename, a.backend_type) AS role,
    a.application_name AS program,
    coalesce(a.state, 'active') AS state,
    coalesce(extract(epoch FROM clock_timestamp() - l.waitstart), 0)::float8 AS seconds,
    extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS open,
    l.wanted AS wanted,
    coalesce(w.blockers, '{}') AS blockers,
    left(a.query, 1000) AS statement
FROM pg_stat_activity AS a
LEFT JOIN waiting AS w USING (pid)
LEFT JOIN LATERAL (
    SELECT
        k.waitstart,
        k.mode || coalesce(' on ' || c.oid::regclass::text, '') AS wanted
    FROM pg_locks AS k
    LEFT JOIN pg_database AS d ON d.oid = k.database AND d.datname = current_database()
    LEFT JOIN pg_class AS c ON c.oid = k.relation AND d.oid IS NOT NULL
    WHERE k.pid = a.pid AND NOT k.granted
    ORDER BY k.waitstart
    LIMIT 1
) AS l ON true
WHERE w.pid IS NOT NULL OR a.pid IN (SELECT unnest(blockers) FROM waiting)
ORDER BY seconds DESC, a.pid
