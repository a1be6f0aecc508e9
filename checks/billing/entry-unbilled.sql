-- id: billing.entry-unbilled
-- code: AUT-04
-- title: Unbilled work older than 90 days
-- area: billing
-- rows: findings
-- key: matter_id
-- text: Matter {matter_no}: {entries} entries since {oldest}, {amount}, are not billed
-- severity: warning
-- money: amount
-- every: 6h
-- timeout: 30s
-- attempts: 1
-- meaning: Old work is hard to bill and harder to collect; many clients refuse work older than 60 to
--   90 days.
-- why: The share of recorded time that is paid falls with every month that it waits.
-- mend: Bill it, agree a delay with the client, or write it off.
-- source: Usual client billing guideline: 60 to 90 days
-- fault: an approved entry is years old
SELECT m.matter_id, m.matter_no, COUNT(*) AS entries, MIN(e.work_date) AS oldest, @int(SUM(e.amount)) AS amount
FROM lx_time_entry e
JOIN lx_matter m ON m.matter_id = e.matter_id AND m.fee_type NOT IN ('contingency', 'probono')
WHERE e.billable = 1 AND e.status IN ('draft', 'submitted', 'approved') AND @days(e.work_date, @asof) > 90
GROUP BY m.matter_id, m.matter_no
