-- id: billing.sync-run
-- code: SYN-09
-- title: Synchronisation run failed, hangs or lost records
-- area: billing
-- rows: findings
-- key: run_id
-- text: Run {run_id} of {stream}, started {started_at}: {status}, read {read_count}, written {written_count}, rejected {rejected_count}
-- severity: critical
-- every: 5m
-- timeout: 30s
-- attempts: 1
-- meaning: Until the run is repeated, cases and time of that night are missing in billing. A run that failed, or
--   that has not ended after an hour, counts until a later one of its stream has ended well; one that lost
--   records counts until its numbers add up, since later runs do not read them again.
-- why: Time of that day is not on the month's bills, and late time is often not accepted.
-- mend: Read the log of the run, end a hanging one, and start it again.
-- source: What was read must be written or rejected; an hour for a run under way: LexOps' own judgement, a night's
--   transfer takes minutes
-- fault: in the demo firm: Last night's transfer of time failed
SELECT r.run_id, r.stream, r.started_at, r.status, r.read_count, r.written_count, r.rejected_count
FROM lx_sync_run r
WHERE (r.status = 'ok' AND r.finished_at IS NOT NULL AND r.read_count <> r.written_count + r.rejected_count)
    OR (
        ((r.status <> 'ok' AND r.finished_at IS NOT NULL)
            OR (r.finished_at IS NULL AND @mins(r.started_at, @now) > 60))
        AND NOT EXISTS (
            SELECT 1 FROM lx_sync_run g
            WHERE g.stream = r.stream AND g.started_at > r.started_at AND g.status = 'ok'
                AND g.finished_at IS NOT NULL))
