-- id: billing.fee-above-arrangement
-- code: FEE-01
-- title: Fixed or capped fee exceeded
-- area: billing
-- rows: findings
-- key: matter_id
-- text: Matter {matter_no} ({fee_type}): billed {billed}, agreed {agreed}
-- severity: critical
-- money: billed, agreed
-- every: 6h
-- timeout: 30s
-- attempts: 1
-- meaning: The client was promised a limit; everything above it has to be given back.
-- why: A fixed or capped fee is a promise of price; e-billing systems cut what is above it, and the
--   client remembers.
-- mend: Credit the excess; if the scope has changed, agree a new figure first.
-- source: Engagement letter
-- fault: the cap of a billed matter is lowered
SELECT m.matter_id, m.matter_no, m.fee_type, COALESCE(m.flat_fee, m.fee_cap) AS agreed, @int(SUM(l.amount)) AS billed
FROM lx_matter m
JOIN lx_invoice_line l ON l.matter_id = m.matter_id AND l.line_type IN ('F', 'IF')
JOIN lx_invoice i ON i.invoice_id = l.invoice_id AND i.status IN ('final', 'sent', 'part_paid', 'paid')
WHERE m.fee_type IN ('flat', 'capped')
GROUP BY m.matter_id, m.matter_no, m.fee_type, m.flat_fee, m.fee_cap
HAVING SUM(l.amount) > COALESCE(m.flat_fee, m.fee_cap)
