-- id: billing.trust-negative
-- code: TRU-01
-- title: A client's trust ledger was negative
-- area: billing
-- rows: findings
-- key: txn_id
-- text: Trust transaction {txn_id} of {txn_date} leaves matter {matter_no} at {balance}
-- severity: critical
-- money: balance
-- every: 15m
-- timeout: 30s
-- attempts: 1
-- meaning: Below zero, another client's money was used. This is the breach for which lawyers lose
--   their licence.
-- why: It does not matter that it was meant for a day or that it was put back: each time has to be
--   explained to the bar.
-- mend: Restore the client's money at once, tell the responsible partner, and document how it came
--   about.
-- source: ABA Model Rule 1.15(a)
-- fault: in the demo firm: An expert was paid from trust with more than the client had there
SELECT x.txn_id, x.txn_date, m.matter_no, @int(x.balance) AS balance
FROM (
    SELECT txn_id, matter_id, txn_date, SUM(amount) OVER (
        PARTITION BY account_id, client_id, matter_id ORDER BY txn_date, amount DESC, txn_id
    ) AS balance
    FROM lx_trust_txn
    WHERE client_id IS NOT NULL
) x
LEFT JOIN lx_matter m ON m.matter_id = x.matter_id
WHERE x.balance < 0
