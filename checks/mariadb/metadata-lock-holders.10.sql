-- Who has metadata locks on tables, or on all of them. For MariaDB, whose versions begin with 10, with the plugin for it.
SELECT
    m.THREAD_ID AS id,
    coalesce(p.USER, 'nobody') AS account,
    m.LOCK_MODE AS mode,
    if(m.LOCK_TYPE = 'Backup lock', 'all tables', concat(m.TABLE_SCHEMA, '.', m.TABLE_NAME)) AS place
FROM information_schema.METADATA_LOCK_INFO AS m
LEFT JOIN information_schema.PROCESSLIST AS p ON p.ID = m.THREAD_ID
WHERE m.THREAD_ID <> connection_id()
    AND (
        m.LOCK_MODE REGEXP '^MDL_BACKUP_(FTWRL|WAIT|BLOCK)'
        OR (
            m.LOCK_TYPE = 'Table metadata lock'
            AND m.TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
        )
    )
LIMIT 20
