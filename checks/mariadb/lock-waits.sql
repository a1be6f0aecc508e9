-- Who waits for a row that somebody else has locked; seconds. For MySQL, whose versions are below 10.
SELECT
    w.waiting_pid AS id,
    coalesce(p.USER, 'nobody') AS account,
    w.blocking_pid AS blocker,
    coalesce(w.wait_age_secs, 0) AS seconds
FROM sys.innodb_lock_waits AS w
LEFT JOIN information_schema.PROCESSLIST AS p ON p.ID = w.waiting_pid
ORDER BY seconds DESC
LIMIT 20
