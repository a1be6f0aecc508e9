-- id: billing.invoice-balance
-- code: INV-06
-- title: Balance is not total less paid, credited and written off
-- area: billing
-- rows: findings
-- key: invoice_id
-- text: Invoice {invoice_no}: balance {balance}, computed {computed}
-- severity: critical
-- money: balance, computed
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: The open amount drives reminders, ageing and what the portal shows; a wrong one duns a
--   client who has paid.
-- why: The balance is what the client is reminded of and what the firm counts as its receivables.
-- mend: Recompute the balance from the allocations; look for an allocation that was changed by hand.
-- source: Receivables subledger
-- fault: 1.00 is added to the balance of an invoice
SELECT invoice_id, invoice_no, balance, total - paid_total - credited_total - writeoff_total AS computed
FROM lx_invoice
WHERE status <> 'void' AND balance <> total - paid_total - credited_total - writeoff_total
