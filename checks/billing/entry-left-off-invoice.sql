-- id: billing.entry-left-off-invoice
-- code: AUT-09
-- title: Billable work in the period left off the invoice
-- area: billing
-- rows: findings
-- key: entry_id
-- text: Entry {entry_id} of {work_date}, {amount}, is not on invoice {invoice_no} of its period
-- severity: critical
-- money: amount
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: The period is billed and closed for the client; work that was left off is late at best and
--   refused at worst.
-- why: Many clients refuse work that comes after the bill for its period, so that what is left off
--   is often never paid.
-- mend: Bill the entry with the next run, with a note to the client, or write it off with a reason.
-- source: Completeness of billing; client guidelines on late submission
-- fault: an entry of a billed period is set back to approved
SELECT e.entry_id, e.work_date, e.amount, i.invoice_no
FROM lx_time_entry e
JOIN lx_invoice i ON i.matter_id = e.matter_id AND i.invoice_type = 'invoice' AND i.status IN ('final', 'sent', 'part_paid', 'paid')
    AND e.work_date BETWEEN i.period_start AND i.period_end
WHERE e.billable = 1 AND e.status NOT IN ('billed', 'written_off')
