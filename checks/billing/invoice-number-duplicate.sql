-- id: billing.invoice-number-duplicate
-- code: INV-09
-- title: Duplicate invoice number
-- area: billing
-- rows: findings
-- key: number
-- text: Invoice number {number} is used {times} times, first on invoice id {first_id}
-- severity: critical
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: Two documents with one number, if only by case or a space, cannot be told apart by the
--   client, the bank or the tax office.
-- why: A payment that quotes the number can be posted to the wrong invoice, and the tax office may
--   refuse the client its deduction.
-- mend: Credit one of them and issue it again under the next number.
-- source: Sequential, unique invoice numbers are required by tax law in many countries (EU VAT
--   Directive, Art. 226)
-- fault: in the demo firm: One invoice number on two invoices, told apart by a space and small
--   letters
SELECT UPPER(TRIM(invoice_no)) AS number, COUNT(*) AS times, MIN(invoice_id) AS first_id
FROM lx_invoice
GROUP BY UPPER(TRIM(invoice_no))
HAVING COUNT(*) > 1
