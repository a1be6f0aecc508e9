-- id: billing.payment-other-client
-- code: PAY-03
-- title: Payment of one client settles an invoice of another
-- area: billing
-- rows: findings
-- key: allocation_id
-- text: Payment {reference} of client {payer_no} settles invoice {invoice_no} of client {debtor_no}
-- severity: critical
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: One client's money pays another's debt; the first will be dunned, and both learn of each
--   other.
-- why: Moving it back later means to explain to two clients why their accounts were wrong.
-- mend: Move the allocation to an invoice of the payer, or return the money.
-- source: Receivables subledger; third-party payers are recorded as such
-- fault: in the demo firm: A payment was posted to the wrong client and settles another's invoice
SELECT a.allocation_id, p.reference, i.invoice_no, cp.client_no AS payer_no, ci.client_no AS debtor_no
FROM lx_allocation a
JOIN lx_payment p ON p.payment_id = a.payment_id
JOIN lx_invoice i ON i.invoice_id = a.invoice_id AND i.client_id <> p.client_id
JOIN lx_client cp ON cp.client_id = p.client_id
JOIN lx_client ci ON ci.client_id = i.client_id
LEFT JOIN lx_payer_split s ON s.matter_id = i.matter_id AND s.payer_client_id = p.client_id
WHERE s.matter_id IS NULL
