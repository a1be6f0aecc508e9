-- Databases with text columns of more than one collation; binary ones and ascii do not count.
SELECT
    TABLE_SCHEMA AS name,
    group_concat(DISTINCT COLLATION_NAME ORDER BY COLLATION_NAME SEPARATOR ', ') AS collations
FROM information_schema.COLUMNS
WHERE COLLATION_NAME IS NOT NULL AND COLLATION_NAME NOT LIKE '%\_bin' AND COLLATION_NAME NOT LIKE 'ascii%'
    AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
GROUP BY TABLE_SCHEMA
HAVING count(DISTINCT COLLATION_NAME) > 1
ORDER BY name
