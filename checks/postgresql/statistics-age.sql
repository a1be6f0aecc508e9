-- The tables of more than 1,000 rows that the planner knows worst: rows, rows changed since they were last
-- analysed, and whether they ever were.
SELECT
    relid::regclass::text AS name,
    n_live_tup AS live,
    n_mod_since_analyze AS changed,
    coalesce(last_analyze, last_autoanalyze) IS NOT NULL AS is_known
FROM pg_stat_user_tables
WHERE n_live_tup > 1000
ORDER BY is_known, n_mod_since_analyze::float8 / n_live_tup DESC, name
LIMIT 20
