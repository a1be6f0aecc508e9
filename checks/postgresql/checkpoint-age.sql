-- Bytes of write-ahead log since the last checkpoint began; the seconds since then, 0 as long as those bytes are
-- less than a file of 16 MiB; checkpoint_timeout in seconds. A standby's restart points begin where its primary's
-- checkpoints did, when those have ended, and take as long again: there it is twice checkpoint_timeout.
SELECT
    (CASE
        WHEN bytes > 16 * 1024 * 1024 THEN extract(epoch FROM clock_timestamp() - checkpoint_time)
        ELSE 0
    END)::float8 AS seconds,
    bytes::float8 AS bytes,
    extract(epoch FROM current_setting('checkpoint_timeout')::interval)::float8
        * CASE WHEN pg_is_in_recovery() THEN 2 ELSE 1 END AS timeout
FROM (
    SELECT
        checkpoint_time,
        pg_wal_lsn_diff(
            CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
            redo_lsn
        ) AS bytes
    FROM pg_control_checkpoint()
) AS last
