-- How long the server has been up, in seconds, and whether it is a standby.
SELECT
    extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())::float8 AS uptime,
    pg_is_in_recovery() AS is_standby
