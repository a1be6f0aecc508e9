-- Transactions that were prepared and not ended; seconds, the oldest first.
SELECT
    gid AS name,
    owner AS role,
    database AS database,
    extract(epoch FROM clock_timestamp() - prepared)::float8 AS seconds
FROM pg_prepared_xacts
ORDER BY prepared
