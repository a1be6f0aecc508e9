-- Indexes by which nothing was read since the start of the server. Unique ones and those of foreign keys are left out.
SELECT
    concat(u.OBJECT_SCHEMA, '.', u.OBJECT_NAME, '.', u.INDEX_NAME) AS name
FROM performance_schema.table_io_waits_summary_by_index_usage AS u
JOIN information_schema.STATISTICS AS s
    ON s.TABLE_SCHEMA = u.OBJECT_SCHEMA AND s.TABLE_NAME = u.OBJECT_NAME AND s.INDEX_NAME = u.INDEX_NAME
    AND s.SEQ_IN_INDEX = 1
LEFT JOIN information_schema.KEY_COLUMN_USAGE AS k
    ON k.TABLE_SCHEMA = s.TABLE_SCHEMA AND k.TABLE_NAME = s.TABLE_NAME AND k.COLUMN_NAME = s.COLUMN_NAME
    AND k.REFERENCED_TABLE_NAME IS NOT NULL
WHERE u.COUNT_READ = 0 AND s.NON_UNIQUE = 1 AND k.COLUMN_NAME IS NULL
    AND u.OBJECT_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
ORDER BY name
