-- id: billing.ledes-codes
-- code: LED-01
-- title: Unknown or retired UTBMS code
-- area: billing
-- rows: findings
-- key: line_id
-- text: Invoice {invoice_no} line {line_no}: codes {task_code} {activity_code} {expense_code}
-- severity: warning
-- every: 6h
-- timeout: 30s
-- attempts: 1
-- meaning: E-billing systems reject the whole invoice for one unknown code.
-- why: A rejected invoice goes back to the end of the client's queue and is often paid a month
--   later.
-- mend: Correct the code of the entry or expense and issue the line again.
-- source: UTBMS code sets; LEDES 1998B fields 15 to 17
-- fault: an expense code stands where a task belongs
SELECT l.line_id, i.invoice_no, l.line_no, l.task_code, l.activity_code, l.expense_code
FROM lx_invoice_line l
JOIN lx_invoice i ON i.invoice_id = l.invoice_id
LEFT JOIN lx_utbms_code t ON t.code = l.task_code AND t.kind = 'task' AND t.is_leaf = 1
    AND (t.retired_on IS NULL OR t.retired_on > l.line_date)
LEFT JOIN lx_utbms_code a ON a.code = l.activity_code AND a.kind = 'activity' AND a.is_leaf = 1
    AND (a.retired_on IS NULL OR a.retired_on > l.line_date)
LEFT JOIN lx_utbms_code e ON e.code = l.expense_code AND e.kind = 'expense' AND e.is_leaf = 1
    AND (e.retired_on IS NULL OR e.retired_on > l.line_date)
WHERE (l.task_code IS NOT NULL AND t.code IS NULL) OR (l.activity_code IS NOT NULL AND a.code IS NULL)
    OR (l.expense_code IS NOT NULL AND e.code IS NULL)
