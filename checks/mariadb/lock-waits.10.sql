-- Who waits for a row that somebody else has locked; seconds. For MariaDB, whose versions begin with 10.
-- Since when is told in the machine's own time zone, whatever zone the session has.
SELECT
    r.trx_mysql_thread_id AS id,
    coalesce(p.USER, 'nobody') AS account,
    b.trx_mysql_thread_id AS blocker,
    greatest(
        0,
        timestampdiff(SECOND, r.trx_wait_started, convert_tz(utc_timestamp(), '+00:00', 'SYSTEM'))
    ) AS seconds
FROM information_schema.INNODB_LOCK_WAITS AS w
JOIN information_schema.INNODB_TRX AS r ON r.trx_id = w.requesting_trx_id
JOIN information_schema.INNODB_TRX AS b ON b.trx_id = w.blocking_trx_id
LEFT JOIN information_schema.PROCESSLIST AS p ON p.ID = r.trx_mysql_thread_id
ORDER BY seconds DESC
LIMIT 20
