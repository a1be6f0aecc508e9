-- Who may still want to see an old state of this database, and how many transactions have begun since.
SELECT
    kind AS kind,
    name AS name,
    held AS age
FROM (
    SELECT
        'session' AS kind,
        concat(pid, ' (', coalesce(usename, backend_type), ' ' || nullif(application_name, ''), ')') AS name,
        greatest(age(backend_xmin), age(backend_xid)) AS held
    FROM pg_stat_activity
    WHERE datname = current_database()
        AND backend_type NOT IN ('autovacuum worker', 'walsender')
        AND pid <> pg_backend_pid()
    UNION ALL
    SELECT 'slot', slot_name::text, greatest(age(xmin), age(catalog_xmin)) FROM pg_replication_slots
    UNION ALL
    SELECT 'prepared transaction', gid, age(transaction)
    FROM pg_prepared_xacts
    WHERE database = current_database()
    UNION ALL
    SELECT 'standby', concat_ws(' ', nullif(application_name, ''), client_addr), age(backend_xmin)
    FROM pg_stat_replication
) AS holders
WHERE held IS NOT NULL
ORDER BY age DESC, name
LIMIT 10
