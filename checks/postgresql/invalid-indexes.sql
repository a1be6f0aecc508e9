-- Indexes of this database that are not valid and not being built.
SELECT
    i.indexrelid::regclass::text AS name,
    i.indrelid::regclass::text AS on_table,
    i.indisunique AS is_unique
FROM pg_index AS i
WHERE NOT (i.indisvalid AND i.indisready AND i.indislive)
    AND NOT EXISTS (
        SELECT FROM pg_stat_progress_create_index AS p
        WHERE p.index_relid = i.indexrelid OR p.relid = i.indrelid
    )
ORDER BY name
