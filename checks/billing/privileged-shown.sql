-- id: billing.privileged-shown
-- code: POR-11
-- title: Privileged narrative on an invoice
-- area: billing
-- rows: findings
-- key: line_id
-- text: Invoice {invoice_no} line {line_no} shows the narrative of privileged entry {entry_id}
-- severity: critical
-- every: 6h
-- timeout: 30s
-- attempts: 1
-- meaning: What is privileged must not leave the firm in a bill; a third-party payer who reads it may
--   end the privilege.
-- why: Privilege that was given up in a bill cannot be had back, and the matter may turn on it.
-- mend: Withhold the narrative and issue the invoice again; ask for the return of what was sent.
-- source: ABA Model Rule 1.6
-- fault: in the demo firm: A privileged narrative stands on an invoice
SELECT /*M! STRAIGHT_JOIN */ l.line_id, i.invoice_no, l.line_no, e.entry_id
FROM lx_time_entry e
JOIN lx_invoice_line l ON l.entry_id = e.entry_id AND l.description = e.narrative
JOIN lx_invoice i ON i.invoice_id = l.invoice_id
WHERE e.privileged = 1
-- Only MariaDB reads what is in /*M! */. It reads the entries once, in order, before the few lines.
