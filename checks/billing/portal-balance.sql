-- id: billing.portal-balance
-- code: POR-07
-- title: Portal shows another balance than the ledger
-- area: billing
-- rows: findings
-- key: invoice_id
-- text: Invoice {invoice_no}: ledger {balance}, portal {portal_balance}
-- severity: critical
-- money: balance, portal_balance
-- every: 15m
-- timeout: 30s
-- attempts: 1
-- meaning: The client sees an amount that the firm does not, and pays or disputes by it.
-- why: Clients pay what the portal shows: too little stays open, too much has to be sent back.
-- mend: Refresh the portal copy of the invoice and look at the last publishing run.
-- source: One figure everywhere
-- fault: in the demo firm: The portal shows more than the client owes
SELECT invoice_id, invoice_no, balance, portal_balance
FROM lx_invoice
WHERE portal_balance <> balance
