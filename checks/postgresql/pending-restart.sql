-- Settings that take effect only with the next restart.
SELECT
    name AS name
FROM pg_settings
WHERE pending_restart
ORDER BY name
