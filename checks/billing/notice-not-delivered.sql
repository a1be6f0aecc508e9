-- id: billing.notice-not-delivered
-- code: AUT-06
-- title: Reminder was made and not delivered
-- area: billing
-- rows: findings
-- key: notice_id
-- text: {kind} of invoice {invoice_id}: {status}
-- severity: warning
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: A reminder waits in the queue of the mail job, or was refused; to the firm it looks as if it were out.
-- why: The client has not been reminded, and a fee for late payment that rests on the reminder does not stand.
-- mend: Look at the mail server's answer, mend the address, and send it again.
-- source: A reminder ends as sent
-- fault: a reminder is marked as refused
SELECT notice_id, invoice_id, kind, status
FROM lx_notice
WHERE status <> 'sent' OR sent_on IS NULL
