-- Checkpoints: those asked for and all that were not skipped for lack of changes, and the milliseconds that
-- they took.
SELECT
    num_requested AS requested,
    num_done AS done,
    write_time AS write_ms,
    sync_time AS sync_ms,
    stats_reset AS stats_reset
FROM pg_stat_checkpointer
