-- Whether archiving is on, and for how many seconds it has been failing: since its last success, or since
-- the counters began if there was none.
SELECT
    current_setting('archive_mode') AS mode,
    archived_count AS archived,
    last_failed_wal,
    (CASE
        WHEN last_failed_time > coalesce(last_archived_time, '-infinity')
            THEN extract(
                epoch FROM clock_timestamp() - coalesce(last_archived_time, stats_reset, last_failed_time)
            )
        ELSE 0
    END)::float8 AS failing
FROM pg_stat_archiver
