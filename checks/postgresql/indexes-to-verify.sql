-- The B-tree indexes of this database that can be verified, the smallest first.
SELECT
    c.oid::bigint AS oid,
    c.oid::regclass::text AS name,
    i.indrelid::regclass::text AS on_table
FROM pg_class AS c
JOIN pg_index AS i ON i.indexrelid = c.oid
JOIN pg_am AS m ON m.oid = c.relam
WHERE m.amname = 'btree' AND c.relkind = 'i' AND i.indisvalid AND i.indisready
    AND (c.relpersistence = 'p' OR c.relpersistence = 'u' AND NOT pg_is_in_recovery())
ORDER BY c.relpages, name
