-- Deadlocks since the start of the server.
SELECT
    COUNT AS deadlocks
FROM information_schema.INNODB_METRICS
WHERE NAME = 'lock_deadlocks' AND ENABLED = 1
