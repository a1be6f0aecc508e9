-- id: billing.trust-three-way
-- code: TRU-02
-- title: Three-way reconciliation does not agree
-- area: billing
-- rows: findings
-- key: account_id, period_end
-- text: Account {account_id} at {period_end}: bank {bank_adjusted}, book {book}, clients {client_total}
-- severity: critical
-- money: bank_adjusted, book, client_total
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: Bank, book and the sum of the clients' ledgers must be one figure at each month's end; a
--   signed reconciliation that differs is void.
-- why: It is the one test that shows whether every client's money is there; when it fails, no
--   payment from trust is safe.
-- mend: Find the difference: an item in transit, a posting without a client, or a bank error; sign a
--   corrected one.
-- source: ABA Model Rules for Client Trust Account Records (2010), Rule 1(i); state bar rules
-- fault: in the demo firm: A signed reconciliation whose client ledgers do not add up to the book
SELECT account_id, period_end, bank_adjusted, book, client_total
FROM lx_trust_recon
WHERE bank_adjusted <> book OR book <> client_total
