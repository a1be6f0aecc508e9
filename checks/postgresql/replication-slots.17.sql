-- Replication slots: whether somebody reads, and how many bytes of write-ahead log each retains, and may.
-- From PostgreSQL 17 on also since when nobody reads, and why a slot was given up.
SELECT
    slot_name::text AS name,
    slot_type AS kind,
    active,
    wal_status,
    coalesce(
        pg_wal_lsn_diff(
            CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
            restart_lsn
        ),
        0
    )::float8 AS retained,
    nullif(pg_size_bytes(current_setting('max_slot_wal_keep_size')), -1)::float8 AS most,
    inactive_since,
    invalidation_reason,
    synced
FROM pg_replication_slots
ORDER BY slot_name
