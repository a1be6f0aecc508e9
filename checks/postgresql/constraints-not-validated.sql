-- Constraints that older rows may break.
SELECT
    c.conrelid::regclass::text AS on_table,
    c.conname::text AS name
FROM pg_constraint AS c
JOIN pg_namespace AS n ON n.oid = c.connamespace
WHERE NOT c.convalidated AND c.conrelid <> 0 AND n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY on_table, name
