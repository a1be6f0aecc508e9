-- Extensions of this database that are not of the version that is installed beside the server.
SELECT
    name::text AS name,
    installed_version AS installed,
    default_version AS available
FROM pg_available_extensions
WHERE installed_version <> default_version
ORDER BY name
