-- Bytes of write-ahead log since the last checkpoint began; the seconds since it ended, 0 as long as those
-- bytes are less than a file of 16 MiB; checkpoint_timeout in seconds.
SELECT
    (CASE
        WHEN bytes > 16 * 1024 * 1024 THEN extract(epoch FROM clock_timestamp() - checkpoint_time)
        ELSE 0
    END)::float8 AS seconds,
    bytes::float8 AS bytes,
    extract(epoch FROM current_setting('checkpoint_timeout')::interval)::float8 AS timeout
FROM (
    SELECT
        checkpoint_time,
        pg_wal_lsn_diff(
            CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
            redo_lsn
        ) AS bytes
    FROM pg_control_checkpoint()
) AS last
