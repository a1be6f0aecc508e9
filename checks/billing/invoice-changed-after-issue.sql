-- id: billing.invoice-changed-after-issue
-- code: INV-15
-- title: Final invoice changed afterwards without a new version
-- area: billing
-- rows: findings
-- key: invoice_id
-- text: Invoice {invoice_no} was final at {finalised_at} and changed at {updated_at}
-- severity: critical
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: An issued invoice is a document; a silent change destroys its value as evidence.
-- why: Client and firm hold different documents under one number, and in a dispute the client's
--   copy counts.
-- mend: Compare with the copy that was sent, restore it, and correct by credit note.
-- source: Immutability of issued invoices (for instance GoBD in Germany; EU VAT Directive, Art. 233:
--   integrity of content)
-- fault: in the demo firm: A final invoice was changed after it was sent, without a version
SELECT i.invoice_id, i.invoice_no, i.finalised_at, i.updated_at
FROM lx_invoice i
WHERE i.finalised_at IS NOT NULL AND i.updated_at > i.finalised_at AND NOT EXISTS (
    SELECT 1 FROM lx_invoice_version v WHERE v.invoice_id = i.invoice_id AND v.changed_at > i.finalised_at
)
