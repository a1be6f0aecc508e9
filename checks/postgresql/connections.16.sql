-- Client connections by role, and how many there can be in all without the slots kept for superusers
-- and, from PostgreSQL 16 on, for roles with pg_use_reserved_connections.
SELECT
    usename AS role,
    count(*) AS used,
    current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int
        - current_setting('reserved_connections')::int AS usable
FROM pg_stat_activity
WHERE backend_type = 'client backend'
GROUP BY usename
ORDER BY used DESC, role
