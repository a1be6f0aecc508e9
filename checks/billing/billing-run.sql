-- id: billing.billing-run
-- code: AUT-01
-- title: Scheduled billing run did not finish
-- area: billing
-- rows: findings
-- key: run_id
-- text: Run of {scheduled_for}: {status}, {invoices_created} invoices
-- severity: critical
-- every: 15m
-- timeout: 30s
-- attempts: 1
-- meaning: The month's bills are not out, or not all of them; the firm's cash depends on them. A run that failed,
--   or that has not ended after an hour, counts until it is repeated: until one for the same day or a later one
--   has ended well after it.
-- why: Every day that bills are late is a day that they are paid later, and lawyers forget what
--   they would have to explain.
-- mend: Read the log of the run, find the invoice at which it stopped, and start it again.
-- source: A run ends well or is repeated; an hour for a run under way, and the day itself for one that has not
--   begun: LexOps' own judgement
-- fault: in the demo firm: The last billing run did not finish
SELECT r.run_id, r.scheduled_for, r.status, r.invoices_created
FROM lx_billing_run r
WHERE r.scheduled_for <= @asof
    AND ((r.status <> 'ok' AND r.finished_at IS NOT NULL)
        OR (r.finished_at IS NULL AND @mins(COALESCE(r.started_at, @add(r.scheduled_for, 1)), @now) > 60))
    AND NOT EXISTS (
        SELECT 1 FROM lx_billing_run g
        WHERE g.scheduled_for >= r.scheduled_for AND g.status = 'ok'
            AND g.finished_at > COALESCE(r.started_at, r.scheduled_for))
