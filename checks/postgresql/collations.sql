-- Sort orders that were made with another version of their library than this machine has: the database's,
-- and those that its indexes use. One without a version has nothing to compare.
SELECT
    'database ' || quote_ident(datname) AS name,
    datcollversion AS made,
    pg_database_collation_actual_version(oid) AS present
FROM pg_database
WHERE datname = current_database()
    AND datcollversion <> pg_database_collation_actual_version(oid)
UNION
SELECT
    'collation ' || c.oid::regcollation::text,
    c.collversion,
    pg_collation_actual_version(c.oid)
FROM pg_index AS i
CROSS JOIN LATERAL unnest(i.indcollation) AS used (oid)
JOIN pg_collation AS c ON c.oid = used.oid
WHERE c.collversion <> pg_collation_actual_version(c.oid)
ORDER BY name
