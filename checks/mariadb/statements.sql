-- The kinds of statement that took most time since the start of the server; picoseconds.
SELECT
    coalesce(DIGEST, 'others') AS digest,
    max(DIGEST_TEXT) AS statement,
    sum(COUNT_STAR) AS count,
    sum(SUM_TIMER_WAIT) AS taken
FROM performance_schema.events_statements_summary_by_digest
GROUP BY DIGEST
ORDER BY taken DESC
LIMIT 200
