-- id: billing.trust-transfer-unmatched
-- code: TRU-09
-- title: Trust transfer without the matching receipt
-- area: billing
-- rows: findings
-- key: txn_id
-- text: Trust transaction {txn_id} of {txn_date}: {amount} left trust, {received} arrived
-- severity: critical
-- money: amount, received
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: What leaves the trust account as a fee must arrive in the operating account, to the cent.
-- why: Money that has left one account and reached no other is missing until it is found.
-- mend: Find the receipt; post it, or return the money to trust.
-- source: ABA Model Rule 1.15
-- fault: 0.01 of a fee transfer did not arrive
SELECT t.txn_id, t.txn_date, t.amount, p.amount AS received
FROM lx_trust_txn t
LEFT JOIN lx_payment p ON p.trust_txn_id = t.txn_id
WHERE t.kind = 'fee_transfer' AND (p.payment_id IS NULL OR p.amount <> -t.amount)
