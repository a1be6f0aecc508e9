-- id: billing.ledes-file
-- code: LED-07
-- title: LEDES file differs from its invoice
-- area: billing
-- rows: findings
-- key: file_id
-- text: LEDES file of invoice {invoice_no}: {file_total} in {line_count} lines, invoice {total} in {invoice_lines}
-- severity: critical
-- money: file_total, total
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: What the client's e-billing system received is not what the firm has in its books.
-- why: The client pays by the file, the firm books by the invoice; the difference stays open on the
--   account.
-- mend: Withdraw the file and submit it again from the invoice.
-- source: LEDES 1998B
-- fault: 0.01 is added to the total of a file
SELECT x.file_id, i.invoice_no, x.total AS file_total, x.line_count, i.total, n.invoice_lines
FROM lx_ledes_export x
JOIN lx_invoice i ON i.invoice_id = x.invoice_id
JOIN (SELECT invoice_id, COUNT(*) AS invoice_lines FROM lx_invoice_line GROUP BY invoice_id) n
    ON n.invoice_id = x.invoice_id
WHERE x.total <> i.total OR x.line_count <> n.invoice_lines
