-- Locks in the shared table, and how many it is made for. Those taken on the fast path and those of
-- serializable transactions lie elsewhere.
SELECT
    count(*) AS locks,
    current_setting('max_locks_per_transaction')::bigint
        * (current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint)
        AS room
FROM pg_locks
WHERE NOT fastpath AND mode <> 'SIReadLock'
