-- How often statements were dropped for others since the statistics began.
SELECT
    dealloc AS evictions,
    stats_reset AS stats_reset
FROM pg_stat_statements_info
