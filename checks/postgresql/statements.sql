-- The statements of this database that took most time: calls and milliseconds since the statistics began.
-- Without their texts, which lie in a large file.
SELECT
    s.queryid AS id,
    sum(s.calls)::bigint AS calls,
    sum(s.total_exec_time)::float8 AS milliseconds,
    min(i.stats_reset) AS stats_reset
FROM pg_stat_statements(false) AS s
CROSS JOIN pg_stat_statements_info AS i
WHERE s.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
    AND s.queryid IS NOT NULL
GROUP BY s.queryid
ORDER BY milliseconds DESC
LIMIT :most
