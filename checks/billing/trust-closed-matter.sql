-- id: billing.trust-closed-matter
-- code: TRU-14
-- title: Trust balance on a closed matter
-- area: billing
-- rows: findings
-- key: matter_id
-- text: Matter {matter_no}, closed on {closed_on}, still holds {held}
-- severity: warning
-- money: held
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: Money of a finished matter belongs to the client and must go back promptly.
-- why: Bars ask for such balances by name, and money that is kept without a reason is a breach by
--   itself.
-- mend: Pay it out, or document why it is held.
-- source: ABA Model Rule 1.15(d)
-- fault: a matter with money in trust is closed
SELECT m.matter_id, m.matter_no, m.closed_on, @int(SUM(t.amount)) AS held
FROM lx_matter m
JOIN lx_trust_txn t ON t.matter_id = m.matter_id
WHERE m.status = 'closed'
GROUP BY m.matter_id, m.matter_no, m.closed_on
HAVING SUM(t.amount) <> 0
