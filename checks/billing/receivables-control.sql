-- id: billing.receivables-control
-- code: PAY-12
-- title: Receivables account differs from the open invoices
-- area: billing
-- rows: findings
-- key: account
-- text: Account {account}: ledger {ledger}, open invoices {open_total}
-- severity: critical
-- money: ledger, open_total
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: The general ledger and the list of open invoices must say the same, or the accounts are
--   wrong.
-- why: Partners draw, and banks lend, on this figure.
-- mend: Find the posting without an invoice, or the invoice changed by hand.
-- source: Subledger to general ledger reconciliation
-- fault: 1.00 is posted to receivables without an invoice
SELECT g.account, g.balance AS ledger, @int(COALESCE(s.open_total, 0)) AS open_total
FROM lx_gl_control g
LEFT JOIN (
    SELECT currency, SUM(balance) AS open_total FROM lx_invoice WHERE status IN ('final', 'sent', 'part_paid', 'paid') GROUP BY currency
) s ON g.account = @cat('AR-', s.currency)
WHERE g.account LIKE 'AR-___' AND g.balance <> COALESCE(s.open_total, 0)
