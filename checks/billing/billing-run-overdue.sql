-- id: billing.billing-run-overdue
-- code: AUT-03
-- title: No billing run for more than a month
-- area: billing
-- rows: findings
-- key: last_run
-- text: The last billing run was scheduled for {last_run}, {days} days ago
-- severity: critical
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: The monthly run that makes the invoices was not started at all; one that has failed is told by
--   billing.billing-run.
-- why: Work that is not billed is not paid, and every week of delay lowers what clients accept.
-- mend: See whether its timer is enabled; start the run for the month that is missing.
-- source: a run each month, on its third business day; 40 days leave room for holidays
-- fault: all billing runs are dated back
SELECT last_run, @days(last_run, @asof) AS days
FROM (
    SELECT MAX(scheduled_for) AS last_run
    FROM lx_billing_run
) r
WHERE @days(last_run, @asof) > 40
