-- The tables of this database that can be verified, with what is stored apart, the smallest first.
SELECT
    c.oid::bigint AS oid,
    c.oid::regclass::text AS name
FROM pg_class AS c
JOIN pg_am AS m ON m.oid = c.relam
WHERE m.amname = 'heap' AND c.relkind IN ('r', 't', 'm')
    AND (c.relpersistence = 'p' OR c.relpersistence = 'u' AND NOT pg_is_in_recovery())
ORDER BY c.relpages, name
