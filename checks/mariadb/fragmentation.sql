-- InnoDB tables with at least floor bytes of space that is not used; bytes.
SELECT
    concat(TABLE_SCHEMA, '.', TABLE_NAME) AS name,
    DATA_FREE AS unused,
    DATA_FREE + DATA_LENGTH + INDEX_LENGTH AS size
FROM information_schema.TABLES
WHERE ENGINE = 'InnoDB' AND DATA_FREE >= :floor
    AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
ORDER BY unused DESC
LIMIT 20
