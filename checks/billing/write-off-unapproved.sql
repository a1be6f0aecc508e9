-- id: billing.write-off-unapproved
-- code: PAY-14
-- title: Write-off without an approver
-- area: billing
-- rows: findings
-- key: allocation_id
-- text: Invoice {invoice_no}: {amount} written off on {allocated_on} by nobody
-- severity: warning
-- money: amount
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: A debt can be made to vanish by writing it off; that needs a second pair of eyes.
-- why: What is written off is not collected; without an approver nobody has decided to give it
--   away.
-- mend: Have a partner approve it, or take it back.
-- source: Separation of duties
-- fault: in the demo firm: A debt was written off and nobody approved it
SELECT a.allocation_id, i.invoice_no, a.amount, a.allocated_on
FROM lx_allocation a
JOIN lx_invoice i ON i.invoice_id = a.invoice_id
WHERE a.kind = 'writeoff' AND a.approved_by IS NULL
