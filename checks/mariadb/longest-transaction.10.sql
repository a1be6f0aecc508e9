-- The oldest open transactions, our own left out; seconds. For MariaDB, whose versions begin with 10.
-- Their start is told in the machine's own time zone, whatever zone the session has.
SELECT
    t.trx_mysql_thread_id AS id,
    coalesce(p.USER, 'nobody') AS account,
    coalesce(p.COMMAND, 'prepared') AS command,
    t.trx_rows_locked AS locked,
    t.trx_rows_modified AS changed,
    greatest(
        0,
        timestampdiff(SECOND, t.trx_started, convert_tz(utc_timestamp(), '+00:00', 'SYSTEM'))
    ) AS seconds
FROM information_schema.INNODB_TRX AS t
LEFT JOIN information_schema.PROCESSLIST AS p ON p.ID = t.trx_mysql_thread_id
WHERE t.trx_mysql_thread_id <> connection_id()
ORDER BY t.trx_started
LIMIT 10
