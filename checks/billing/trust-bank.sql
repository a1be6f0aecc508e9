-- id: billing.trust-bank
-- code: TRU-04
-- title: Bank statement and cleared trust postings differ
-- area: billing
-- rows: findings
-- key: account_id, statement_date
-- text: Account {account_id} at {statement_date}: bank {closing_balance}, cleared postings {cleared}
-- severity: critical
-- money: closing_balance, cleared
-- every: 1h
-- timeout: 60s
-- attempts: 1
-- meaning: The first leg of the three-way reconciliation, computed afresh.
-- why: If the bank holds less than the ledger says, client money is missing; if more, it is not
--   known whose it is.
-- mend: Compare the statement line by line with the postings of the month.
-- source: ABA Model Rules for Client Trust Account Records (2010)
-- fault: a bank statement says 0.01 more
SELECT s.account_id, s.statement_date, s.closing_balance, @int(COALESCE(SUM(t.amount), 0)) AS cleared
FROM lx_trust_statement s
LEFT JOIN lx_trust_txn t ON t.account_id = s.account_id AND t.cleared_on <= s.statement_date
GROUP BY s.account_id, s.statement_date, s.closing_balance
HAVING s.closing_balance <> COALESCE(SUM(t.amount), 0)
