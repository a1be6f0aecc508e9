-- id: billing.invoice-line-amount
-- code: INV-02
-- title: Line amount is not units times price plus adjustment
-- area: billing
-- rows: findings
-- key: line_id
-- text: Invoice {invoice_no} line {line_no}: amount {amount}, computed {computed}
-- severity: critical
-- money: amount, computed
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: A line that does not recompute cannot be explained to the client, and the error is in every
--   total above it.
-- why: E-billing systems recompute each line and send back the whole invoice for one that does not
--   agree.
-- mend: Recompute the line from its time entry or expense; issue a correction if the invoice is out.
-- source: LEDES 1998B: LINE_ITEM_TOTAL is UNIT_COST x UNITS + ADJUSTMENT, rounded half up
-- fault: 0.01 is added to a line
SELECT l.line_id, i.invoice_no, l.line_no, l.amount,
    @half_up(l.units * l.unit_price, 10000) + l.adjustment AS computed
FROM lx_invoice_line l
JOIN lx_invoice i ON i.invoice_id = l.invoice_id
WHERE l.line_type IN ('F', 'E') AND l.amount <> @half_up(l.units * l.unit_price, 10000) + l.adjustment
