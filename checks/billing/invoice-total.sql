-- id: billing.invoice-total
-- code: INV-01
-- title: Invoice total differs from the sum of its lines
-- area: billing
-- rows: findings
-- key: invoice_id
-- text: Invoice {invoice_no}: total {total}, lines {lines_total}
-- severity: critical
-- money: total, lines_total
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: The client is asked for another amount than the lines explain; such a bill is disputed, and
--   rejected by e-billing systems.
-- why: The term of payment does not begin for a bill that is rejected, and one cent is enough to
--   reject it.
-- mend: Find what changed the total after the lines were written; correct it with a credit note and a
--   new invoice.
-- source: LEDES 1998B: INVOICE_TOTAL is the sum of LINE_ITEM_TOTAL
-- fault: in the demo firm: Invoice total one cent above its lines
SELECT i.invoice_id, i.invoice_no, i.total, @int(s.lines_total) AS lines_total
FROM lx_invoice i
JOIN (
    SELECT invoice_id, SUM(amount + tax_amount) AS lines_total FROM lx_invoice_line GROUP BY invoice_id
) s ON s.invoice_id = i.invoice_id
WHERE i.status IN ('final', 'sent', 'part_paid', 'paid') AND i.tax_mode = 'line' AND i.total <> s.lines_total
