-- id: billing.overdue-notice
-- code: AUT-05
-- title: Overdue notice not sent
-- area: billing
-- rows: findings
-- key: invoice_id
-- text: Invoice {invoice_no}: {balance} open, due on {due_date}, no reminder sent
-- severity: warning
-- money: balance
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: Clients who are not reminded pay weeks later.
-- why: Collection is a matter of days: the older a bill, the smaller the part of it that is ever
--   paid.
-- mend: Send the reminder, and look at why the job left it out.
-- source: Reminder within three days of the due date
-- fault: in the demo firm: A client was never reminded of an overdue invoice
SELECT i.invoice_id, i.invoice_no, i.balance, i.due_date
FROM lx_invoice i
LEFT JOIN lx_notice n ON n.invoice_id = i.invoice_id AND n.kind = 'overdue_1' AND n.status = 'sent'
WHERE i.status IN ('sent', 'part_paid') AND i.balance > 0 AND @days(i.due_date, @asof) > 3 AND n.notice_id IS NULL
