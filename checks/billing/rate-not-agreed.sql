-- id: billing.rate-not-agreed
-- code: RAT-02
-- title: Recorded rate differs from the agreed rate
-- area: billing
-- rows: findings
-- key: entry_id
-- text: Entry {entry_id} of matter {matter_no}, {tk_no}: rate {rate}, agreed {agreed}
-- severity: critical
-- money: rate, agreed
-- every: 6h
-- timeout: 60s
-- attempts: 1
-- heavy: yes
-- meaning: The engagement letter fixes the rates. Above them the client is overcharged, below them the
--   firm gives money away.
-- why: The rate is the price: each hour at a wrong one is an overcharge to refund or a loss to
--   bear.
-- mend: Correct the rate of the entry, or record the rate that was agreed; credit what is already
--   billed.
-- source: Most specific rate in force: matter, then client, then standard
-- fault: in the demo firm: A rate that is in no agreement
SELECT e.entry_id, m.matter_no, k.tk_no, e.rate, COALESCE(rm.rate, rc.rate, rs.rate) AS agreed
FROM lx_time_entry e
JOIN lx_matter m ON m.matter_id = e.matter_id AND m.fee_type <> 'blended'
JOIN lx_timekeeper k ON k.tk_id = e.tk_id
LEFT JOIN lx_rate rm ON rm.tk_id = e.tk_id AND rm.matter_id = e.matter_id
    AND rm.valid_from <= e.work_date AND (rm.valid_to IS NULL OR rm.valid_to >= e.work_date)
LEFT JOIN lx_rate rc ON rc.tk_id = e.tk_id AND rc.matter_id IS NULL AND rc.client_id = m.client_id
    AND rc.currency = m.currency
    AND rc.valid_from <= e.work_date AND (rc.valid_to IS NULL OR rc.valid_to >= e.work_date)
LEFT JOIN lx_rate rs ON rs.tk_id = e.tk_id AND rs.matter_id IS NULL AND rs.client_id IS NULL
    AND rs.currency = m.currency
    AND rs.valid_from <= e.work_date AND (rs.valid_to IS NULL OR rs.valid_to >= e.work_date)
WHERE e.billable = 1 AND (
    COALESCE(rm.rate, rc.rate, rs.rate) IS NULL OR COALESCE(rm.rate, rc.rate, rs.rate) <> e.rate
)
