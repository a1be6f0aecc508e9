-- id: billing.sync-time-differs
-- code: SYN-07
-- title: Hours, day, case or person differ between the systems
-- area: billing
-- rows: findings
-- key: entry_id
-- text: Entry {entry_id}: billing has {hours} h on {work_date}, the case system {case_hours} h on {case_date}
-- severity: critical
-- hours: hours, case_hours
-- every: 6h
-- timeout: 30s
-- attempts: 1
-- heavy: yes
-- meaning: Billing and the case system contradict each other on the same work; the client may see
--   both.
-- why: A client who compares the bill with the case file finds the difference first.
-- mend: Ask the timekeeper which is right, and run the synchronisation for the entry again.
-- source: Completeness of the interface
-- fault: the hours of an entry are changed in the case system
SELECT e.entry_id, e.hours, t.hours AS case_hours, e.work_date, t.work_date AS case_date
FROM lx_time_entry e
JOIN lx_case_time t ON t.ext_id = e.ext_id
JOIN lx_matter m ON m.matter_id = e.matter_id
JOIN lx_timekeeper k ON k.tk_id = e.tk_id
WHERE e.hours <> t.hours OR e.work_date <> t.work_date OR m.ext_id <> t.case_id OR k.tk_no <> t.tk_no
