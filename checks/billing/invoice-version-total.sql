-- id: billing.invoice-version-total
-- code: AUD-04
-- title: Invoice total differs from its last version
-- area: billing
-- rows: findings
-- key: invoice_id
-- text: Invoice {invoice_no}: total {total}, version {version} says {version_total}
-- severity: critical
-- money: total, version_total
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: The history of the invoice and the invoice itself contradict each other.
-- why: Without a history that agrees nobody can say which amount the client was asked for.
-- mend: Compare with the copy that was sent; restore the right one.
-- source: Record history is whole
-- fault: 0.01 is added to the last version of an invoice
SELECT i.invoice_id, i.invoice_no, i.total, i.version, v.total AS version_total
FROM lx_invoice i
JOIN lx_invoice_version v ON v.invoice_id = i.invoice_id AND v.version = i.version
WHERE v.total <> i.total
