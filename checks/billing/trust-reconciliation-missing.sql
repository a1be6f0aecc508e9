-- id: billing.trust-reconciliation-missing
-- code: TRU-06
-- title: Month without a signed reconciliation
-- area: billing
-- rows: findings
-- key: account_id, statement_date
-- text: Account {account_id}: no reconciliation signed within 30 days of {statement_date}
-- severity: warning
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: Bars ask for a reconciliation each month, done in time and reviewed.
-- why: Without it nobody knows on any day whether all client money is there, and examiners ask for
--   this paper first.
-- mend: Reconcile the month and have it reviewed by a second person.
-- source: State bar rules; Pennsylvania: at least monthly
-- fault: the reconciliation of an old month is removed
SELECT s.account_id, s.statement_date
FROM lx_trust_statement s
LEFT JOIN lx_trust_recon r ON r.account_id = s.account_id AND r.period_end = s.statement_date
    AND r.done_on IS NOT NULL AND r.reviewed_by IS NOT NULL
WHERE @days(s.statement_date, COALESCE(r.done_on, @asof)) > 30
