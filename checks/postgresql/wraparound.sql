-- Ages of the oldest transaction and of the oldest shared row lock not frozen, by database; in numbers used.
-- And the ages at which autovacuum has to freeze them.
SELECT
    datname::text AS name,
    age(datfrozenxid) AS transactions,
    mxid_age(datminmxid) AS multixacts,
    current_setting('autovacuum_freeze_max_age')::bigint AS freeze,
    current_setting('autovacuum_multixact_freeze_max_age')::bigint AS multixact_freeze
FROM pg_database
ORDER BY transactions DESC, name
