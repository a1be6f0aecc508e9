-- id: billing.invoice-subtotals
-- code: INV-05
-- title: Invoice total is not fees plus expenses plus tax
-- area: billing
-- rows: findings
-- key: invoice_id
-- text: Invoice {invoice_no}: total {total}, fees {fees_total}, expenses {expenses_total}, tax {tax_total}
-- severity: critical
-- money: total, fees_total, expenses_total, tax_total
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: The head of the invoice contradicts itself; clients notice this first.
-- why: A head that does not add up is sent back, and the term of payment begins again.
-- mend: Recompute the head from the lines and find the act that changed it in the audit log.
-- source: Header arithmetic of LEDES 98BI
-- fault: 0.01 is added to the tax of an invoice
SELECT invoice_id, invoice_no, total, fees_total, expenses_total, tax_total
FROM lx_invoice
WHERE total <> fees_total + expenses_total + tax_total
