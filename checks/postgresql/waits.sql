-- Sessions in the middle of a statement by the kind of thing they wait for, NULL for those that work; our own
-- is counted. How many sessions there can be.
SELECT
    (CASE WHEN wait_event_type NOT IN ('Client', 'Activity') THEN wait_event_type END) AS kind,
    count(*) AS sessions,
    current_setting('max_connections')::int AS room
FROM pg_stat_activity
WHERE state = 'active' AND backend_type = 'client backend'
GROUP BY kind
ORDER BY sessions DESC, kind
