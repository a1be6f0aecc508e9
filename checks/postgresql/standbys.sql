-- How far whoever receives from this server is behind: seconds, bytes.
-- An idle standby has no lag measured, and one that stands still keeps the last that was: behind the last
-- checkpoint it is at least as old as that. With something left to replay and nothing measured it is unknown.
-- Receivers that only store count as far as they have stored.
SELECT
    concat_ws(' ', nullif(application_name, ''), client_addr) AS name,
    extract(
        epoch FROM
        CASE
            WHEN replayed < redo_lsn THEN greatest(lag, clock_timestamp() - checkpoint_time)
            WHEN lag IS NOT NULL THEN lag
            WHEN replayed >= written THEN interval '0'
        END
    )::float8 AS seconds,
    pg_wal_lsn_diff(written, replayed)::float8 AS bytes
FROM (
    SELECT
        application_name,
        client_addr,
        coalesce(replay_lsn, flush_lsn) AS replayed,
        coalesce(replay_lag, flush_lag) AS lag,
        CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END AS written
    FROM pg_stat_replication
    WHERE state <> 'backup'
) AS receivers
CROSS JOIN pg_control_checkpoint()
ORDER BY name
