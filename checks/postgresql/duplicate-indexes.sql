-- Valid indexes of one table, but a temporary one, that index the same in the same way.
SELECT
    i.indrelid::regclass::text AS on_table,
    array_agg(i.indexrelid::regclass::text ORDER BY i.indexrelid) AS names
FROM pg_index AS i
JOIN pg_class AS x ON x.oid = i.indexrelid
JOIN pg_namespace AS n ON n.oid = x.relnamespace
WHERE i.indisvalid AND x.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'pg_toast')
GROUP BY
    i.indrelid,
    x.relam,
    i.indnkeyatts,
    i.indkey::text,
    i.indclass::text,
    i.indcollation::text,
    i.indoption::text,
    coalesce(pg_get_expr(i.indexprs, i.indrelid), ''),
    coalesce(pg_get_expr(i.indpred, i.indrelid), '')
HAVING count(*) > 1
ORDER BY on_table, names
