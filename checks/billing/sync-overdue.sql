-- id: billing.sync-overdue
-- code: SYN-13
-- title: Synchronisation has not run
-- area: billing
-- rows: findings
-- key: stream
-- text: {stream}: the last good run was on {last_run}, {days} days ago
-- severity: critical
-- every: 15m
-- timeout: 30s
-- attempts: 1
-- meaning: The nightly run of a stream was not even started, or has failed again: yesterday has none that ended
--   well. A job that does not start leaves no error behind.
-- why: What was recorded since then is in no bill, and nobody misses it before a client or a partner does.
-- mend: See whether its timer is enabled and its host runs; start the run by hand.
-- source: a run each night, and one more day of patience
-- fault: the runs of a stream are dated back
SELECT stream, MAX(started_at) AS last_run, @days(MAX(started_at), @asof) AS days
FROM lx_sync_run
WHERE status = 'ok'
GROUP BY stream
HAVING @days(MAX(started_at), @asof) > 1
