-- id: billing.discount-not-given
-- code: FEE-08
-- title: Agreed discount was not given
-- area: billing
-- rows: findings
-- key: invoice_id
-- text: Invoice {invoice_no}: discount {discount_total}, agreed {agreed}
-- severity: warning
-- money: discount_total, agreed
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: The engagement letter promises a discount; clients who audit their bills ask for it back
--   with interest.
-- why: Clients with many matters audit their discounts once a year, and ask for all of them at
--   once.
-- mend: Credit the difference.
-- source: Engagement letter
-- fault: the discount of an invoice is taken away
SELECT i.invoice_id, i.invoice_no, i.discount_total,
    @half_up((i.fees_total + i.discount_total) * c.discount_pct, 1000000) AS agreed
FROM lx_invoice i
JOIN lx_client c ON c.client_id = i.client_id AND c.discount_pct > 0
JOIN lx_matter m ON m.matter_id = i.matter_id AND m.fee_type IN ('hourly', 'blended', 'retainer')
WHERE i.invoice_type = 'invoice' AND i.status IN ('final', 'sent', 'part_paid', 'paid')
    AND i.discount_total <> @half_up((i.fees_total + i.discount_total) * c.discount_pct, 1000000)
