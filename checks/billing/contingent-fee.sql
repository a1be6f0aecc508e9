-- id: billing.contingent-fee
-- code: FEE-03
-- title: Contingent fee is not the agreed share of the recovery
-- area: billing
-- rows: findings
-- key: matter_id
-- text: Matter {matter_no}: billed {billed}, agreed share of the recovery {agreed}
-- severity: critical
-- money: billed, agreed
-- every: 6h
-- timeout: 30s
-- attempts: 1
-- meaning: A contingent fee above the agreed share, or before any recovery, breaks the fee agreement.
-- why: A court can strike the whole fee of an agreement that was not kept, not only what was too
--   much.
-- mend: Correct by credit note; check the closing statement that the client received.
-- source: ABA Model Rule 1.5(c)
-- fault: the agreed share is raised after the fee was billed
SELECT m.matter_id, m.matter_no, @int(SUM(l.amount)) AS billed,
    COALESCE(@half_up(m.recovery * m.contingency_pct, 1000000), 0) AS agreed
FROM lx_matter m
JOIN lx_invoice_line l ON l.matter_id = m.matter_id AND l.line_type IN ('F', 'IF')
JOIN lx_invoice i ON i.invoice_id = l.invoice_id AND i.invoice_type = 'invoice' AND i.status IN ('final', 'sent', 'part_paid', 'paid')
WHERE m.fee_type = 'contingency'
GROUP BY m.matter_id, m.matter_no, m.recovery, m.contingency_pct
HAVING SUM(l.amount) <> COALESCE(@half_up(m.recovery * m.contingency_pct, 1000000), 0)
