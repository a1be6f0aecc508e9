-- Checkpoints: those asked for and all of them, and the milliseconds that they took.
SELECT
    checkpoints_req AS requested,
    checkpoints_req + checkpoints_timed AS done,
    checkpoint_write_time AS write_ms,
    checkpoint_sync_time AS sync_ms,
    stats_reset AS stats_reset
FROM pg_stat_bgwriter
