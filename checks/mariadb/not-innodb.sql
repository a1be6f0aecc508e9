-- Tables outside the server's own schemas that are not in InnoDB.
SELECT
    concat(TABLE_SCHEMA, '.', TABLE_NAME) AS name,
    ENGINE AS engine
FROM information_schema.TABLES
WHERE TABLE_TYPE = 'BASE TABLE' AND ENGINE <> 'InnoDB'
    AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
ORDER BY name
