-- id: billing.entry-impossible-day
-- code: TIM-02
-- title: More than 24 hours recorded on one day
-- area: billing
-- rows: findings
-- key: tk_id, work_date
-- text: {tk_no} recorded {hours} h on {work_date}
-- severity: critical
-- hours: hours
-- every: 6h
-- timeout: 30s
-- attempts: 1
-- meaning: An impossible day puts every bill of that day in doubt; fee auditors look for it first.
-- why: One such day in a fee petition gives the court a reason to cut the whole of it.
-- mend: Ask the timekeeper; correct entries that are not yet billed and credit those that are.
-- source: Fee audit practice
-- fault: 24 hours are added to a day that has work already
SELECT e.tk_id, k.tk_no, e.work_date, @int(SUM(e.hours)) AS hours
FROM lx_time_entry e
JOIN lx_timekeeper k ON k.tk_id = e.tk_id
GROUP BY e.tk_id, k.tk_no, e.work_date
HAVING SUM(e.hours) > 240000
