-- Who waits for a row that somebody else has locked; seconds. For MariaDB, whose versions begin with 10.
-- Since when is told in the machine's own time zone, whatever zone the session has.
-- The texts of statements are shown masked only.
SELECT
    r.trx_mysql_thread_id AS id,
    coalesce(p.USER, 'nobody') AS account,
    r.trx_query AS statement,
    b.trx_mysql_thread_id AS blocker,
    coalesce(q.USER, 'nobody') AS blocker_account,
    b.trx_query AS blocker_statement,
    replace(l.lock_table, '`', '') AS place,
    greatest(
        0,
        timestampdiff(SECOND, r.trx_wait_started, convert_tz(utc_timestamp(), '+00:00', 'SYSTEM'))
    ) AS seconds
FROM information_schema.INNODB_LOCK_WAITS AS w
JOIN information_schema.INNODB_TRX AS r ON r.trx_id = w.requesting_trx_id
JOIN information_schema.INNODB_TRX AS b ON b.trx_id = w.blocking_trx_id
LEFT JOIN information_schema.INNODB_LOCKS AS l ON l.lock_id = w.requested_lock_id
LEFT JOIN information_schema.PROCESSLIST AS p ON p.ID = r.trx_mysql_thread_id
LEFT JOIN information_schema.PROCESSLIST AS q ON q.ID = b.trx_mysql_thread_id
ORDER BY seconds DESC
LIMIT 50
