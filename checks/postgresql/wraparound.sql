-- Ages of the oldest transaction and of the oldest shared row lock not frozen, by database; in numbers used.
SELECT
    datname::text AS name,
    age(datfrozenxid) AS transactions,
    mxid_age(datminmxid) AS multixacts
FROM pg_database
ORDER BY transactions DESC, name
