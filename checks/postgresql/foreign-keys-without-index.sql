-- Foreign keys whose columns are not the first of any whole index, with the rows of their table.
SELECT
    c.conrelid::regclass::text AS on_table,
    c.conname::text AS name,
    (CASE WHEN t.reltuples >= 0 THEN t.reltuples ELSE coalesce(s.n_live_tup, 0) END)::float8 AS rows
FROM pg_constraint AS c
JOIN pg_class AS t ON t.oid = c.conrelid
LEFT JOIN pg_stat_user_tables AS s ON s.relid = c.conrelid
WHERE c.contype = 'f' AND c.conparentid = 0
    AND NOT EXISTS (
        SELECT FROM pg_index AS i
        WHERE i.indrelid = c.conrelid AND i.indisvalid AND i.indpred IS NULL
            AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey
    )
ORDER BY rows DESC, on_table, name
LIMIT 50
