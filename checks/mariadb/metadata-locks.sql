-- Who waits for a metadata lock; seconds since the statement began, of which the wait is nearly all.
-- Its text is shown masked only.
SELECT
    p.ID AS id,
    coalesce(p.USER, 'nobody') AS account,
    p.TIME AS seconds,
    p.INFO AS statement
FROM information_schema.PROCESSLIST AS p
WHERE p.STATE LIKE 'Waiting for % metadata lock' AND p.ID <> connection_id()
ORDER BY seconds DESC
LIMIT 20
