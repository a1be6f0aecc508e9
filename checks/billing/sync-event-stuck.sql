-- id: billing.sync-event-stuck
-- code: SYN-11
-- title: Synchronisation event stuck
-- area: billing
-- rows: findings
-- key: event_id
-- text: Event {event_id} of {stream} since {created_at}: {attempts} attempts, {status}
-- severity: warning
-- every: 5m
-- timeout: 30s
-- attempts: 1
-- meaning: A change in the case system waits and is not in billing.
-- why: New matters, rates or addresses that do not arrive make the next bill wrong or keep it from
--   being written.
-- mend: Look at the reason of the last attempt; mend the record and release the event.
-- source: Five attempts are enough for a passing fault
-- fault: in the demo firm: Three changes of the case system were given up after nine attempts
SELECT event_id, stream, created_at, attempts, status
FROM lx_sync_event
WHERE status = 'dead' OR attempts > 5 OR (processed_at IS NULL AND @days(created_at, @asof) > 1)
