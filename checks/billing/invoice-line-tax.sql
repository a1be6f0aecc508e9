-- id: billing.invoice-line-tax
-- code: INV-03
-- title: Line tax is not amount times rate
-- area: billing
-- rows: findings
-- key: line_id
-- text: Invoice {invoice_no} line {line_no}: tax {tax_amount}, computed {computed}
-- severity: critical
-- money: tax_amount, computed
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: Tax shown on an invoice is owed to the tax office as shown, right or wrong.
-- why: Tax shown too high is owed as shown, tax shown too low is paid by the firm.
-- mend: Recompute the tax of the line; correct with a credit note and a new invoice.
-- source: LEDES 98BI: LINE_ITEM_TAX_TOTAL is the amount times LINE_ITEM_TAX_RATE
-- fault: 0.01 is added to the tax of a line
SELECT l.line_id, i.invoice_no, l.line_no, l.tax_amount, @half_up(l.amount * l.tax_rate, 1000000) AS computed
FROM lx_invoice_line l
JOIN lx_invoice i ON i.invoice_id = l.invoice_id
WHERE l.tax_amount <> @half_up(l.amount * l.tax_rate, 1000000)
