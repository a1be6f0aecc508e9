-- How long the server has been up, in seconds, since when, whether it is a standby, and whose data it has.
SELECT
    extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())::float8 AS uptime,
    to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS started,
    CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE 'primary' END AS role,
    c.timeline_id::text AS timeline,
    s.system_identifier::text AS system
FROM pg_control_checkpoint() AS c
CROSS JOIN pg_control_system() AS s
