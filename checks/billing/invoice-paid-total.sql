-- id: billing.invoice-paid-total
-- code: PAY-09
-- title: Paid amount differs from the allocations
-- area: billing
-- rows: findings
-- key: invoice_id
-- text: Invoice {invoice_no}: paid {paid_total}, allocated {allocated}
-- severity: critical
-- money: paid_total, allocated
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: The invoice says one thing about what was paid and the payments another.
-- why: What is shown as paid decides who is reminded and who is left alone.
-- mend: Recompute the paid amount from the allocations; look for one that was changed or removed by
--   hand.
-- source: Receivables subledger
-- fault: 0.01 is added to what was paid
SELECT i.invoice_id, i.invoice_no, i.paid_total, @int(COALESCE(s.allocated, 0)) AS allocated
FROM lx_invoice i
LEFT JOIN (
    SELECT a.invoice_id, SUM(a.amount) AS allocated
    FROM lx_allocation a
    JOIN lx_payment p ON p.payment_id = a.payment_id AND p.status = 'posted'
    WHERE a.kind = 'payment'
    GROUP BY a.invoice_id
) s ON s.invoice_id = i.invoice_id
WHERE i.paid_total <> COALESCE(s.allocated, 0)
