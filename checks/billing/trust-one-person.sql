-- id: billing.trust-one-person
-- code: TRU-15
-- title: Same person entered and approved a trust payment
-- area: billing
-- rows: findings
-- key: txn_id
-- text: Trust transaction {txn_id} of {txn_date}: {amount} entered and approved by one person
-- severity: critical
-- money: amount
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: One person alone must not be able to move clients' money.
-- why: Nearly every theft from trust was entered and approved by one person.
-- mend: Have a second person review it today, and mend the rights in the billing system.
-- source: Separation of duties; state bar guidance on trust accounts
-- fault: in the demo firm: One person entered and approved a payment from trust
SELECT txn_id, txn_date, amount
FROM lx_trust_txn
WHERE amount < 0 AND (approved_by IS NULL OR approved_by = created_by)
