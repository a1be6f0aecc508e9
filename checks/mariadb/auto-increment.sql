-- The AUTO_INCREMENT columns that are nearest to their end: numbers used, and the highest the type takes.
SELECT
    concat(t.TABLE_SCHEMA, '.', t.TABLE_NAME, '.', c.COLUMN_NAME) AS name,
    t.AUTO_INCREMENT - 1 AS used,
    CASE c.DATA_TYPE
        WHEN 'tinyint' THEN 127
        WHEN 'smallint' THEN 32767
        WHEN 'mediumint' THEN 8388607
        WHEN 'int' THEN 2147483647
        ELSE 9223372036854775807
    END * if(c.COLUMN_TYPE LIKE '%unsigned%', 2.0, 1.0) AS highest
FROM information_schema.TABLES AS t
JOIN information_schema.COLUMNS AS c USING (TABLE_SCHEMA, TABLE_NAME)
WHERE c.EXTRA LIKE '%auto_increment%' AND t.AUTO_INCREMENT IS NOT NULL
    AND t.TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
ORDER BY used / highest DESC, name
LIMIT 20
