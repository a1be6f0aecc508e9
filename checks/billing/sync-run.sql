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
-- meaning: Until the run is repeated, cases and time of that night are missing in billing.
-- why: Time of that day is not on the month's bills, and late time is often not accepted.
-- mend: Read the log of the run, end a hanging one, and start it again.
-- source: What was read must be written or rejected
-- fault: in the demo firm: Last night's transfer of time never ended
SELECT run_id, stream, started_at, status, read_count, written_count, rejected_count
FROM lx_sync_run
WHERE status <> 'ok' OR finished_at IS NULL OR read_count <> written_count + rejected_count
