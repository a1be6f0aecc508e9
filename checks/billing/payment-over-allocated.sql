-- id: billing.payment-over-allocated
-- code: PAY-01
-- title: More allocated than was received
-- area: billing
-- rows: findings
-- key: payment_id
-- text: Payment {reference}: received {amount}, allocated {allocated}
-- severity: critical
-- money: amount, allocated
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: Invoices are shown as paid with money that never came.
-- why: Bills that nobody has paid are not collected any more, and the bank will never agree with
--   the books.
-- mend: Take back the allocation that is too much; the invoice is open again.
-- source: Receivables subledger
-- fault: in the demo firm: More was allocated than the client paid
SELECT p.payment_id, p.reference, p.amount, @int(SUM(a.amount)) AS allocated
FROM lx_payment p
JOIN lx_allocation a ON a.payment_id = p.payment_id
GROUP BY p.payment_id, p.reference, p.amount
HAVING SUM(a.amount) > p.amount
