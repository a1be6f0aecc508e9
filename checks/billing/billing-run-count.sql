-- id: billing.billing-run-count
-- code: AUT-02
-- title: Billing run made another number of invoices than exist
-- area: billing
-- rows: findings
-- key: run_id
-- text: Run of {scheduled_for}: made {invoices_created} invoices, {found} exist
-- severity: critical
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: Invoices of the run are gone, or were added by hand.
-- why: An invoice that the run made and nobody has is revenue lost; one that was added by hand has
--   passed none of the run's checks.
-- mend: Compare the list of the run with the invoices of that day.
-- source: Completeness of billing
-- fault: a run counts one invoice more than there are
SELECT r.run_id, r.scheduled_for, r.invoices_created, COUNT(i.invoice_id) AS found
FROM lx_billing_run r
LEFT JOIN lx_invoice i ON i.invoice_date = r.scheduled_for AND i.invoice_type = 'invoice'
GROUP BY r.run_id, r.scheduled_for, r.invoices_created
HAVING COUNT(i.invoice_id) <> r.invoices_created
