-- Sessions that sleep while their transaction is open; seconds. For MySQL, whose versions are below 10.
SELECT
    t.trx_mysql_thread_id AS id,
    coalesce(p.USER, 'nobody') AS account,
    p.TIME AS seconds,
    t.trx_rows_locked AS locked,
    t.trx_rows_modified AS changed
FROM information_schema.INNODB_TRX AS t
JOIN performance_schema.processlist AS p ON p.ID = t.trx_mysql_thread_id
WHERE p.COMMAND = 'Sleep'
ORDER BY seconds DESC
LIMIT 20
