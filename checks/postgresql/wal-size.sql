-- The size of the write-ahead log, and the one it should stay below, in bytes.
SELECT
    (SELECT coalesce(sum(size), 0) FROM pg_ls_waldir())::float8 AS bytes,
    pg_size_bytes(current_setting('max_wal_size'))::float8 AS most
