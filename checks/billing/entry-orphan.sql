-- id: billing.entry-orphan
-- code: TIM-21
-- title: Time entry without a matter or a timekeeper
-- area: billing
-- rows: findings
-- key: entry_id
-- text: Entry {entry_id} points to matter id {matter_id} and timekeeper id {tk_id}, one of which does not exist
-- severity: critical
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: Work that belongs to nobody appears on no bill and in no report.
-- why: What hangs on no matter has no client who could be asked to pay for it.
-- mend: Restore the missing record from a backup, or move the entry with the consent of its author.
-- source: Referential integrity
-- fault: in the demo firm: Work on a matter that does not exist
SELECT e.entry_id, e.matter_id, e.tk_id
FROM lx_time_entry e
LEFT JOIN lx_matter m ON m.matter_id = e.matter_id
LEFT JOIN lx_timekeeper t ON t.tk_id = e.tk_id
WHERE m.matter_id IS NULL OR t.tk_id IS NULL
