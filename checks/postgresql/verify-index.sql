-- Raises an error when the index is damaged; gives nothing when it has been dropped.
SELECT
    bt_index_check(index => c.oid, heapallindexed => i.indisunique) AS nothing
FROM pg_class AS c
JOIN pg_index AS i ON i.indexrelid = c.oid
WHERE c.oid = CAST(:relation AS oid)
