-- The tables of this database that were frozen longest ago, with what they store apart.
SELECT
    c.oid::regclass::text AS name,
    greatest(age(c.relfrozenxid), age(t.relfrozenxid)) AS transactions
FROM pg_class AS c
LEFT JOIN pg_class AS t ON t.oid = c.reltoastrelid
WHERE c.relkind IN ('r', 'm')
ORDER BY transactions DESC, name
LIMIT 3
