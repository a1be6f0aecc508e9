-- id: billing.trust-reconciliation-stale
-- code: TRU-03
-- title: Signed reconciliation differs from the ledger today
-- area: billing
-- rows: findings
-- key: account_id, period_end
-- text: Account {account_id} at {period_end}: signed {book}, ledger today {ledger}
-- severity: critical
-- money: book, ledger
-- every: 1h
-- timeout: 60s
-- attempts: 1
-- meaning: Something was posted into a month that had been reconciled and signed.
-- why: A signature under figures that have changed since protects nobody, least of all the partner
--   who signed.
-- mend: Find the back-dated posting in the audit log; reverse it into the open month.
-- source: ABA Model Rules for Client Trust Account Records (2010)
-- fault: a signed reconciliation says 0.01 more than the ledger
SELECT r.account_id, r.period_end, r.book, @int(SUM(t.amount)) AS ledger
FROM lx_trust_recon r
JOIN lx_trust_txn t ON t.account_id = r.account_id AND t.txn_date <= r.period_end
GROUP BY r.account_id, r.period_end, r.book
HAVING SUM(t.amount) <> r.book
