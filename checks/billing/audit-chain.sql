-- id: billing.audit-chain
-- code: AUD-01
-- title: Audit chain of the billing system is broken
-- area: billing
-- rows: findings
-- key: audit_id
-- text: Audit row {audit_id} does not name the hash of the row before it
-- severity: critical
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: Somebody changed or removed rows of the record that proves who did what.
-- why: Without an unbroken record the firm cannot show who changed a bill or moved trust money, to
--   a court, a bar examiner or an insurer.
-- mend: Secure the database as it is, compare with a backup, and tell the responsible partner.
-- source: Each row names the hash of the row before
-- fault: a row of the audit log is changed by hand
SELECT audit_id
FROM (
    SELECT audit_id, prev_hash, LAG(row_hash) OVER (ORDER BY audit_id) AS hash_before FROM lx_audit_log
) x
WHERE hash_before IS NOT NULL AND prev_hash <> hash_before
