-- The InnoDB tables outside the server's own schemas.
SELECT
    concat(TABLE_SCHEMA, '.', TABLE_NAME) AS name,
    TABLE_SCHEMA AS place,
    TABLE_NAME AS title
FROM information_schema.TABLES
WHERE TABLE_TYPE = 'BASE TABLE' AND ENGINE = 'InnoDB'
    AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
ORDER BY name
