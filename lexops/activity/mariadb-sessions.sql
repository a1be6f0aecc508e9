-- The sessions of the server but this one; ages in seconds. For MySQL, whose versions are below 10.
SELECT
    p.ID AS pid,
    max(p.USER) AS role,
    coalesce(max(c.ATTR_VALUE), '') AS program,
    max(p.HOST) AS client,
    coalesce(max(p.DB), '') AS `database`,
    max(p.COMMAND) AS command,
    max(p.TIME) AS seconds,
    coalesce(max(p.STATE), '') AS wait,
    coalesce(max(p.INFO), '') AS statement,
    coalesce(max(s.EVENT_ID), '') AS statement_started,
    max(t.trx_id IS NOT NULL) AS in_transaction,
    max(w.wait_age_secs) AS waits,
    coalesce(max(w.waiting_lock_mode), '') AS mode,
    coalesce(max(w.locked_table), '') AS relation,
    coalesce(group_concat(DISTINCT w.blocking_pid), '') AS blockers
FROM performance_schema.processlist AS p
LEFT JOIN performance_schema.threads AS h ON h.PROCESSLIST_ID = p.ID
LEFT JOIN performance_schema.events_statements_current AS s ON s.THREAD_ID = h.THREAD_ID
LEFT JOIN performance_schema.session_connect_attrs AS c
    ON c.PROCESSLIST_ID = p.ID AND c.ATTR_NAME = 'program_name'
LEFT JOIN information_schema.INNODB_TRX AS t ON t.trx_mysql_thread_id = p.ID
LEFT JOIN sys.innodb_lock_waits AS w ON w.waiting_pid = p.ID
WHERE p.ID <> connection_id()
GROUP BY p.ID
ORDER BY p.ID
