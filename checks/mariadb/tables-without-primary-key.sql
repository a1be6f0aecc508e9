-- Tables outside the server's own schemas that have no primary key.
-- The list of constraints would be empty for an account that may only read; that of indexes is not.
SELECT concat(t.TABLE_SCHEMA, '.', t.TABLE_NAME) AS name
FROM information_schema.TABLES AS t
LEFT JOIN information_schema.STATISTICS AS k
    ON k.TABLE_SCHEMA = t.TABLE_SCHEMA AND k.TABLE_NAME = t.TABLE_NAME
    AND k.INDEX_NAME = 'PRIMARY' AND k.SEQ_IN_INDEX = 1
WHERE t.TABLE_TYPE = 'BASE TABLE' AND k.INDEX_NAME IS NULL
    AND t.TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
ORDER BY name
