-- The texts of some statements, to be masked.
SELECT DISTINCT ON (queryid)
    queryid AS id,
    left(query, 1000) AS statement
FROM pg_stat_statements
WHERE queryid = ANY (:ids)
