-- Raises an error when the index is damaged; gives nothing when it has been dropped. From PostgreSQL 17 on it
-- also looks for doubles in unique indexes.
SELECT
    bt_index_check(c.oid, heapallindexed => i.indisunique, checkunique => i.indisunique) AS nothing
FROM pg_class AS c
JOIN pg_index AS i ON i.indexrelid = c.oid
WHERE c.oid = CAST(:relation AS oid)
