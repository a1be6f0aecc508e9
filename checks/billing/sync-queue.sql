-- id: billing.sync-queue
-- code: SYN-12
-- title: Changes of the case system wait too long
-- area: billing
-- rows: findings
-- key: stream
-- text: {stream}: {waiting} changes wait, the oldest for {minutes} min
-- severity: warning
-- every: 5m
-- timeout: 30s
-- attempts: 2
-- meaning: The queue between case management and billing stands, or is worked off more slowly than it fills;
--   its age tells that better than its length.
-- why: Time and cases that wait are missing on every bill that is made meanwhile.
-- mend: See whether the job that empties the queue runs, and what its last log line says; start it again.
-- source: LexOps' own judgement: the oldest item after 60 minutes
-- fault: a change is put back into the queue
SELECT stream, COUNT(*) AS waiting, MAX(@mins(created_at, @now)) AS minutes
FROM lx_sync_event
WHERE status = 'waiting' AND @mins(created_at, @now) > 60
GROUP BY stream
