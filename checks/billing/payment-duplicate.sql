-- id: billing.payment-duplicate
-- code: PAY-05
-- title: Duplicate payment
-- area: billing
-- rows: findings
-- key: payment_id, other_id
-- text: Payments {payment_id} and {other_id} of client {client_no}: {amount} under reference {reference}
-- severity: warning
-- money: amount
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: The same receipt posted twice makes the client look paid up, and the bank account will not
--   agree.
-- why: The client looks paid up while a bill is open, or is owed a refund that nobody knows of.
-- mend: Compare with the bank statement; reverse one, or refund if the client really paid twice.
-- source: Bank reconciliation practice
-- fault: in the demo firm: One bank receipt was posted twice
SELECT a.payment_id, b.payment_id AS other_id, c.client_no, a.amount, a.reference
FROM lx_payment a
JOIN lx_payment b ON b.client_id = a.client_id AND b.payment_id > a.payment_id AND b.amount = a.amount
    AND b.reference = a.reference AND @days(a.received_on, b.received_on) BETWEEN -3 AND 3
JOIN lx_client c ON c.client_id = a.client_id
WHERE a.status = 'posted' AND b.status = 'posted'
