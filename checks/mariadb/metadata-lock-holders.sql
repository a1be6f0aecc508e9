-- Who has metadata locks on tables. For MySQL, whose versions are below 10.
SELECT
    t.PROCESSLIST_ID AS id,
    coalesce(t.PROCESSLIST_USER, 'nobody') AS account,
    m.LOCK_TYPE AS mode,
    concat(m.OBJECT_SCHEMA, '.', m.OBJECT_NAME) AS place
FROM performance_schema.metadata_locks AS m
JOIN performance_schema.threads AS t ON t.THREAD_ID = m.OWNER_THREAD_ID
WHERE m.OBJECT_TYPE = 'TABLE' AND m.LOCK_STATUS = 'GRANTED'
    AND m.OBJECT_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
    AND t.PROCESSLIST_ID <> connection_id()
LIMIT 20
