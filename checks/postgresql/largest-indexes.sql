-- The largest B-tree indexes of this database.
SELECT
    c.oid::bigint AS oid,
    c.oid::regclass::text AS name
FROM pg_class AS c
JOIN pg_am AS m ON m.oid = c.relam
JOIN pg_index AS i ON i.indexrelid = c.oid
WHERE m.amname = 'btree' AND c.relkind = 'i' AND i.indisvalid AND c.relpersistence <> 't' AND c.relpages > 1
ORDER BY c.relpages DESC, name
LIMIT 50
