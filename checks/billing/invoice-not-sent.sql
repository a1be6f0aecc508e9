-- id: billing.invoice-not-sent
-- code: AUT-08
-- title: Final invoice was not sent
-- area: billing
-- rows: findings
-- key: invoice_id
-- text: Invoice {invoice_no} of {invoice_date}, {total}, is final and not sent
-- severity: warning
-- money: total
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: An invoice that nobody received is not paid.
-- why: The term of payment begins when the invoice arrives; until then it cannot even be overdue.
-- mend: Send it; look at the delivery job.
-- source: Issued means delivered, within five days
-- fault: an old invoice has no date of sending
SELECT invoice_id, invoice_no, invoice_date, total
FROM lx_invoice
WHERE status = 'final' AND sent_at IS NULL AND @days(finalised_at, @asof) > 5
