-- The size of an index, and what of it is more than the tenth that a new one leaves free, in bytes.
SELECT
    s.index_size::float8 AS bytes,
    (
        s.index_size * greatest(
            0,
            1 - (s.leaf_pages * nullif(s.avg_leaf_density, 'NaN') / 90)
                / nullif(s.leaf_pages + s.empty_pages + s.deleted_pages, 0)
        )
    )::float8 AS wasted
FROM pg_class AS c
CROSS JOIN LATERAL pgstatindex(c.oid::regclass) AS s
WHERE c.oid = CAST(:relation AS oid)
