-- The settings that somebody has made for everybody, not for a session or a role.
SELECT
    name AS name,
    coalesce(setting, '') AS value
FROM pg_settings
WHERE source IN ('configuration file', 'command line', 'environment variable', 'global', 'database')
ORDER BY name
