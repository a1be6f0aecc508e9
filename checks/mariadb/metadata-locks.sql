-- Who waits for a metadata lock, or for who has locked all tables, as FLUSH TABLES WITH READ LOCK does; seconds since
-- the statement began, of which the wait is nearly all.
-- Its text is shown masked only.
SELECT
    p.ID AS id,
    coalesce(p.USER, 'nobody') AS account,
    p.TIME AS seconds,
    p.INFO AS statement
FROM information_schema.PROCESSLIST AS p
WHERE p.ID <> connection_id()
    AND (
        p.STATE LIKE 'Waiting for % metadata lock'
        OR p.STATE IN ('Waiting for backup lock', 'Waiting for global read lock', 'Waiting for commit lock')
    )
ORDER BY seconds DESC
LIMIT 20
