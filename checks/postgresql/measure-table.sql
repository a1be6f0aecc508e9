-- The size of a table, and what of it is free or dead, in bytes.
SELECT
    s.table_len::float8 AS bytes,
    (s.approx_free_space + s.dead_tuple_len)::float8 AS wasted
FROM pg_class AS c
CROSS JOIN LATERAL pgstattuple_approx(c.oid) AS s
WHERE c.oid = CAST(:relation AS oid)
