-- id: billing.rate-above-cap
-- code: RAT-04
-- title: Rate above the client cap
-- area: billing
-- rows: findings
-- key: entry_id
-- text: Entry {entry_id} of client {client_no}, {tk_no}: rate {rate}, cap {rate_cap}
-- severity: critical
-- money: rate, rate_cap
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: The guideline of the client names a highest rate; e-billing systems cut or reject
--   everything above it.
-- why: The difference is not paid, and every line above the cap delays the whole invoice.
-- mend: Lower the rate of the entry to the cap, or ask the client for leave in writing.
-- source: Client billing guideline
-- fault: in the demo firm: Work recorded above the highest rate the client accepts
SELECT /*M! STRAIGHT_JOIN */ e.entry_id, c.client_no, k.tk_no, e.rate, c.rate_cap
FROM lx_time_entry e
JOIN lx_matter m ON m.matter_id = e.matter_id
JOIN lx_client c ON c.client_id = m.client_id AND e.rate > c.rate_cap
JOIN lx_timekeeper k ON k.tk_id = e.tk_id
WHERE e.billable = 1 AND c.rate_cap IS NOT NULL
-- Only MariaDB reads what is in /*M! */. It reads the entries once, in order, instead of matter by matter.
