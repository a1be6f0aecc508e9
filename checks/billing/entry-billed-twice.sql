-- id: billing.entry-billed-twice
-- code: TIM-17
-- title: Time entry billed twice
-- area: billing
-- rows: findings
-- key: entry_id
-- text: Entry {entry_id} is on {times} lines, of invoices {first_invoice} and {last_invoice}
-- severity: critical
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: The client pays twice for the same work; found by the client, it costs the relationship.
-- why: One double charge puts every earlier bill in question, and billing the same hour twice is
--   misconduct.
-- mend: Credit the later line and look at the run that took the entry again.
-- source: ABA Formal Opinion 93-379 (billing for work once only)
-- fault: in the demo firm: The same work on two invoices
SELECT l.entry_id, COUNT(*) AS times, MIN(i.invoice_no) AS first_invoice, MAX(i.invoice_no) AS last_invoice
FROM lx_invoice_line l
JOIN lx_invoice i ON i.invoice_id = l.invoice_id AND i.status IN ('final', 'sent', 'part_paid', 'paid') AND i.invoice_type = 'invoice'
WHERE l.entry_id IS NOT NULL
GROUP BY l.entry_id
HAVING COUNT(*) > 1
