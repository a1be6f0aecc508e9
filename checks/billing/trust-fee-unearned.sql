-- id: billing.trust-fee-unearned
-- code: TRU-07
-- title: Fee taken from trust without a final invoice
-- area: billing
-- rows: findings
-- key: txn_id
-- text: Trust transaction {txn_id} of {txn_date}: {amount} taken on matter {matter_no} without a final invoice for it
-- severity: critical
-- money: amount
-- every: 15m
-- timeout: 30s
-- attempts: 1
-- meaning: Fees may leave the trust account only when earned and billed; before that it is the
--   client's money.
-- why: To take a fee early is to use the client's money, whatever is billed later.
-- mend: Return the amount to the trust account at once; bill first.
-- source: ABA Model Rule 1.15(c)
-- fault: in the demo firm: A fee was taken from trust for which there is no invoice
SELECT t.txn_id, t.txn_date, t.amount, m.matter_no
FROM lx_trust_txn t
LEFT JOIN lx_matter m ON m.matter_id = t.matter_id
LEFT JOIN lx_invoice i ON i.invoice_id = t.invoice_id AND i.matter_id = t.matter_id
    AND i.status IN ('final', 'sent', 'part_paid', 'paid') AND i.invoice_date <= t.txn_date
WHERE t.kind = 'fee_transfer' AND i.invoice_id IS NULL
