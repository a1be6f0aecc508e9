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
-- meaning: The month's bills are not out, or not all of them; the firm's cash depends on them.
-- why: Every day that bills are late is a day that they are paid later, and lawyers forget what
--   they would have to explain.
-- mend: Read the log of the run, find the invoice at which it stopped, and start it again.
-- source: A run ends well or is repeated
-- fault: in the demo firm: The last billing run did not finish
SELECT run_id, scheduled_for, status, invoices_created
FROM lx_billing_run
WHERE scheduled_for <= @asof AND (status <> 'ok' OR finished_at IS NULL)
