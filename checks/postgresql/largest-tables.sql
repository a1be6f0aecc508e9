-- The largest tables of this database.
SELECT
    c.oid::bigint AS oid,
    c.oid::regclass::text AS name
FROM pg_class AS c
JOIN pg_am AS m ON m.oid = c.relam
WHERE m.amname = 'heap' AND c.relkind IN ('r', 'm', 't') AND c.relpersistence <> 't' AND c.relpages > 0
ORDER BY c.relpages DESC, name
LIMIT 50
