-- How far this server is behind if it is a standby: seconds, bytes. Nothing on a primary.
-- All that was received being replayed means 0 seconds only while somebody still sends; otherwise the age
-- of the last transaction counts, and what was not received is unknown.
SELECT
    'this server' AS name,
    (CASE
        WHEN is_receiving AND received = replayed THEN 0
        ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())
    END)::float8 AS seconds,
    (CASE WHEN is_receiving THEN pg_wal_lsn_diff(received, replayed) END)::float8 AS bytes
FROM (
    SELECT
        EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming') AS is_receiving,
        pg_last_wal_receive_lsn() AS received,
        pg_last_wal_replay_lsn() AS replayed
) AS standby
WHERE pg_is_in_recovery()
