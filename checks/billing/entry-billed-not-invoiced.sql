-- id: billing.entry-billed-not-invoiced
-- code: TIM-15
-- title: Entry marked billed is on no live invoice
-- area: billing
-- rows: findings
-- key: entry_id
-- text: Entry {entry_id} of matter {matter_no}, {amount}, is marked billed but on no invoice
-- severity: critical
-- money: amount
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: Work that counts as billed but is on no invoice is never paid: a silent loss.
-- why: Nobody looks for work that counts as billed: without this check the loss is never noticed.
-- mend: Set the entry back to approved, so that the next run bills it, or find the invoice that was
--   removed.
-- source: Completeness of billing
-- fault: an approved entry is marked billed without an invoice
SELECT /*M! STRAIGHT_JOIN */ e.entry_id, m.matter_no, e.amount
FROM lx_time_entry e
JOIN lx_matter m ON m.matter_id = e.matter_id
WHERE e.status = 'billed' AND NOT EXISTS (
    SELECT /*M! STRAIGHT_JOIN */ 1 FROM lx_invoice_line l
    JOIN lx_invoice i ON i.invoice_id = l.invoice_id AND i.status IN ('final', 'sent', 'part_paid', 'paid')
    WHERE l.entry_id = e.entry_id /*M! AND e.status = 'billed' */
)
-- Only MariaDB reads what is in /*M! */. It goes through the entries in the order of their key, which is
-- that of their lines too. A second word about the entry keeps it from collecting every line first.
