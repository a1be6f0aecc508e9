-- The subscriptions of this database, whether each has its worker, and its errors since the counters began.
-- From PostgreSQL 18 on also the changes that met other data than they expected.
SELECT
    s.subname::text AS name,
    s.subenabled AS is_enabled,
    EXISTS (
        SELECT FROM pg_stat_subscription AS w
        WHERE w.subid = s.oid AND w.relid IS NULL AND w.pid IS NOT NULL
    ) AS has_worker,
    t.apply_error_count + t.sync_error_count AS errors,
    t.confl_insert_exists + t.confl_update_origin_differs + t.confl_update_exists + t.confl_update_missing
        + t.confl_delete_origin_differs + t.confl_delete_missing + t.confl_multiple_unique_conflicts AS conflicts,
    t.stats_reset AS stats_reset
FROM pg_subscription AS s
JOIN pg_stat_subscription_stats AS t ON t.subid = s.oid
WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND NOT pg_is_in_recovery()
ORDER BY name
