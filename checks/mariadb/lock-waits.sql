-- Who waits for a row that somebody else has locked; seconds. For MySQL, whose versions are below 10.
-- The texts of statements are shown masked only: whole ones, for the view without x$ cuts out the middle, where a
-- literal may begin.
SELECT
    w.waiting_pid AS id,
    coalesce(p.USER, 'nobody') AS account,
    w.waiting_query AS statement,
    w.blocking_pid AS blocker,
    coalesce(q.USER, 'nobody') AS blocker_account,
    w.blocking_query AS blocker_statement,
    replace(w.locked_table, '`', '') AS place,
    coalesce(w.wait_age_secs, 0) AS seconds
FROM sys.x$innodb_lock_waits AS w
LEFT JOIN information_schema.PROCESSLIST AS p ON p.ID = w.waiting_pid
LEFT JOIN information_schema.PROCESSLIST AS q ON q.ID = w.blocking_pid
ORDER BY seconds DESC
LIMIT 50
