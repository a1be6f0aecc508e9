-- Write-ahead log files that wait to be archived, and for how many seconds the oldest has.
SELECT
    count(*) AS files,
    coalesce(extract(epoch FROM clock_timestamp() - min(modification)), 0)::float8 AS oldest
FROM pg_ls_archive_statusdir()
WHERE name LIKE '%.ready'
