-- The sessions of the server but this one; ages in seconds. For MariaDB, whose versions begin with 10.
-- InnoDB tells of transactions and locks from a copy that it renews once nobody has read it for 0.1 s.
-- Since when a transaction waits is told in the machine's own time zone, whatever zone the session has.
SELECT
    p.ID AS pid,
    p.USER AS role,
    '' AS program,
    p.HOST AS client,
    coalesce(p.DB, '') AS `database`,
    p.COMMAND AS command,
    p.TIME_MS / 1000 AS seconds,
    coalesce(p.STATE, '') AS wait,
    coalesce(p.INFO, '') AS statement,
    p.QUERY_ID AS statement_started,
    max(t.trx_id IS NOT NULL) AS in_transaction,
    max(
        greatest(0, timestampdiff(SECOND, t.trx_wait_started, convert_tz(utc_timestamp(), '+00:00', 'SYSTEM')))
    ) AS waits,
    coalesce(max(l.lock_mode), '') AS mode,
    coalesce(max(l.lock_table), '') AS relation,
    coalesce(group_concat(DISTINCT b.trx_mysql_thread_id), '') AS blockers
FROM information_schema.PROCESSLIST AS p
LEFT JOIN information_schema.INNODB_TRX AS t ON t.trx_mysql_thread_id = p.ID
LEFT JOIN information_schema.INNODB_LOCK_WAITS AS w ON w.requesting_trx_id = t.trx_id
LEFT JOIN information_schema.INNODB_LOCKS AS l ON l.lock_id = w.requested_lock_id
LEFT JOIN information_schema.INNODB_TRX AS b ON b.trx_id = w.blocking_trx_id
WHERE p.ID <> connection_id()
GROUP BY p.ID
ORDER BY p.ID
