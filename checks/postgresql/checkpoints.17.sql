-- Checkpoints: those asked for and all of them, and the milliseconds that they took.
SELECT
    num_requested AS requested,
    num_requested + num_timed AS done,
    write_time AS write_ms,
    sync_time AS sync_ms,
    stats_reset AS stats_reset
FROM pg_stat_checkpointer
