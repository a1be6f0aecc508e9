-- Whether archiving is on (a standby leaves it to its primary), and for how many seconds it has been failing: since its last success, or since
-- the counters began if there was none.
SELECT
    CASE
        WHEN pg_is_in_recovery() AND current_setting('archive_mode') = 'on' THEN 'standby'
        ELSE current_setting('archive_mode')
    END AS mode,
    archived_count AS archived,
    last_failed_wal,
    extract(epoch FROM clock_timestamp())::float8 AS now,
    (CASE
        WHEN last_failed_time > coalesce(last_archived_time, '-infinity')
            THEN extract(
                epoch FROM clock_timestamp() - coalesce(last_archived_time, stats_reset, last_failed_time)
            )
        ELSE 0
    END)::float8 AS failing
FROM pg_stat_archiver
