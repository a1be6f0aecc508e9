-- The indexes outside the server's own schemas, with their columns in order; a part of a column with its length.
SELECT
    concat(TABLE_SCHEMA, '.', TABLE_NAME) AS place,
    INDEX_NAME AS name,
    min(NON_UNIQUE) = 0 AS is_unique,
    min(INDEX_TYPE) AS kind,
    group_concat(concat(coalesce(COLUMN_NAME, '?'), coalesce(concat('(', SUB_PART, ')'), '')) ORDER BY SEQ_IN_INDEX) AS columns
FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
GROUP BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME
ORDER BY place, name
