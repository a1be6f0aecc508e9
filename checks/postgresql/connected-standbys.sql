-- The names of those who receive from this server.
SELECT
    application_name AS name
FROM pg_stat_replication
WHERE state <> 'backup'
