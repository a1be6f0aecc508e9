-- id: billing.entry-duplicate
-- code: TIM-06
-- title: Duplicate time entry
-- area: billing
-- rows: findings
-- key: entry_id, other_id
-- text: Entries {entry_id} and {other_id}: {tk_no} on {work_date}, {hours} h on matter {matter_no} with the same text
-- severity: warning
-- hours: hours
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- heavy: yes
-- meaning: The same work recorded twice, usually by a second click or a second import, is soon billed
--   twice.
-- why: Before it is billed it costs one click to mend; afterwards it costs a credit note and an
--   apology.
-- mend: Ask the timekeeper, and write one of the two off with the reason.
-- source: Client billing guidelines: duplicate entries are refused
-- fault: in the demo firm: The same work recorded twice on one day
SELECT a.entry_id, b.entry_id AS other_id, k.tk_no, m.matter_no, a.work_date, a.hours
FROM lx_time_entry a
JOIN lx_time_entry b ON b.tk_id = a.tk_id AND b.work_date = a.work_date AND b.matter_id = a.matter_id
    AND b.hours = a.hours AND b.entry_id > a.entry_id AND LOWER(TRIM(b.narrative)) = LOWER(TRIM(a.narrative))
JOIN lx_timekeeper k ON k.tk_id = a.tk_id
JOIN lx_matter m ON m.matter_id = a.matter_id
