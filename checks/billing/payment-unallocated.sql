-- id: billing.payment-unallocated
-- code: PAY-04
-- title: Money unallocated for more than 30 days
-- area: billing
-- rows: findings
-- key: payment_id
-- text: Payment {reference} of {received_on}: {open_amount} is not allocated
-- severity: warning
-- money: open_amount
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: Money without an invoice means a client is dunned for what was paid.
-- why: The bill that it was meant for stays open, is reminded of, and ages in every report of
--   receivables.
-- mend: Allocate it, or return it to the client.
-- source: Receivables practice
-- fault: the allocations of an old payment are removed
SELECT p.payment_id, p.reference, p.received_on, @int(p.amount - COALESCE(SUM(a.amount), 0)) AS open_amount
FROM lx_payment p
LEFT JOIN lx_allocation a ON a.payment_id = p.payment_id
WHERE p.status = 'posted' AND @days(p.received_on, @asof) > 30
GROUP BY p.payment_id, p.reference, p.received_on, p.amount
HAVING p.amount > COALESCE(SUM(a.amount), 0)
