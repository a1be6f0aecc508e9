-- id: billing.sync-time-missing
-- code: SYN-05
-- title: Case time missing in billing
-- area: billing
-- rows: findings
-- key: ext_id
-- text: Case {case_id}: {hours} h of {tk_no} on {work_date} never reached billing
-- severity: critical
-- hours: hours
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: Work recorded in the case system that does not reach billing is work given away.
-- why: An hour that never arrives is never billed; nobody else compares the two systems.
-- mend: Carry the entry over by hand and look at the run of that day.
-- source: Completeness of the interface
-- fault: in the demo firm: Work recorded in the case system never reached billing
SELECT t.ext_id, t.case_id, t.tk_no, t.work_date, t.hours
FROM lx_case_time t
LEFT JOIN lx_time_entry e ON e.ext_id = t.ext_id
WHERE e.entry_id IS NULL AND t.deleted = 0
