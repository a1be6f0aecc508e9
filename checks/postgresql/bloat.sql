-- The largest tables and indexes, as big and with as many rows as the last vacuum or analyze found them. One
-- that is built anew has another storage.
SELECT
    c.oid::regclass::text AS name,
    c.relfilenode::text AS storage,
    c.relpages::float8 * current_setting('block_size')::int AS bytes,
    c.reltuples::float8 AS rows
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 'i') AND c.reltuples > 0 AND c.relfilenode <> 0
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
ORDER BY c.relpages DESC, name
LIMIT 100
