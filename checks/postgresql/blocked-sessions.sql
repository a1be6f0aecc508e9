-- Sessions that wait for a lock, and those that they wait for; seconds waited, 0 for who does not wait.
-- A blocker 0 is a prepared transaction. When a wait began is unknown for its first moment.
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
    coalesce(
        (
            SELECT extract(epoch FROM clock_timestamp() - min(l.waitstart))
            FROM pg_locks AS l
            WHERE l.pid = a.pid AND NOT l.granted
        ),
        0
    )::float8 AS seconds,
    coalesce(w.blockers, '{}') AS blockers
FROM pg_stat_activity AS a
LEFT JOIN waiting AS w USING (pid)
WHERE w.pid IS NOT NULL OR a.pid IN (SELECT unnest(blockers) FROM waiting)
ORDER BY seconds DESC, a.pid
