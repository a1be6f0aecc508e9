-- How many files were archived, and the timeline and number of the last one; and the number of the file with
-- which the last base backup began. The number counts files from the beginning of the timeline.
WITH size AS (
    SELECT 4294967296 / pg_size_bytes(current_setting('wal_segment_size')) AS per_log
), files AS (
    SELECT
        CASE
            WHEN pg_is_in_recovery() AND current_setting('archive_mode') = 'on' THEN 'standby'
            ELSE current_setting('archive_mode')
        END AS mode,
        archived_count AS archived,
        last_archived_wal AS file,
        stats_reset AS stats_reset,
        (
            SELECT max(substr(name, 9, 16)) FROM pg_ls_waldir()
            WHERE name ~ '^[0-9A-F]{24}\.[0-9A-F]{8}\.backup$'
        ) AS backup_file
    FROM pg_stat_archiver
), hexadecimal AS (
    SELECT
        *,
        CASE WHEN file ~ '^[0-9A-F]{24}' THEN substr(file, 9, 16) END AS place
    FROM files
)
SELECT
    mode,
    archived,
    file,
    stats_reset,
    left(file, 8) AS timeline,
    coalesce(
        ('x' || left(place, 8))::bit(32)::bigint * per_log + ('x' || right(place, 8))::bit(32)::bigint,
        0
    ) AS number,
    ('x' || left(backup_file, 8))::bit(32)::bigint * per_log
        + ('x' || right(backup_file, 8))::bit(32)::bigint AS backup
FROM hexadecimal
CROSS JOIN size
