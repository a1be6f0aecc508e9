-- The age of the newest label of a base backup, in seconds, and how many base backups run now.
SELECT
    CASE
        WHEN pg_is_in_recovery() AND current_setting('archive_mode') = 'on' THEN 'standby'
        ELSE current_setting('archive_mode')
    END AS mode,
    (
        SELECT extract(epoch FROM clock_timestamp() - max(modification))
        FROM pg_ls_waldir()
        WHERE name LIKE '%.backup'
    )::float8 AS seconds,
    (SELECT count(*) FROM pg_stat_progress_basebackup) AS running
