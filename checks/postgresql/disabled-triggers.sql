-- Triggers that are off, and event triggers; one of an internal name stands behind a foreign key.
SELECT
    CASE WHEN t.tgisinternal THEN 'foreign key' ELSE 'trigger' END AS kind,
    t.tgrelid::regclass::text AS on_what,
    coalesce(c.conname, t.tgname)::text AS name
FROM pg_trigger AS t
LEFT JOIN pg_constraint AS c ON c.oid = t.tgconstraint
WHERE t.tgenabled = 'D'
UNION
SELECT
    'event trigger',
    'this database',
    evtname::text
FROM pg_event_trigger
WHERE evtenabled = 'D'
ORDER BY on_what, name
