-- Pages whose checksum was wrong, by database; those that all databases share are nobody's.
SELECT
    coalesce(datname::text, 'shared') AS name,
    current_setting('data_checksums') AS enabled,
    coalesce(checksum_failures, 0) AS failures,
    to_char(checksum_last_failure AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS last
FROM pg_stat_database
ORDER BY failures DESC, name
