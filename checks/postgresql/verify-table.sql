-- The first faults of a table; an error when a page cannot be read at all.
SELECT
    v.blkno AS page,
    v.msg AS fault
FROM pg_class AS c
CROSS JOIN LATERAL verify_heapam(c.oid, on_error_stop => true) AS v
WHERE c.oid = CAST(:relation AS oid)
LIMIT 3
