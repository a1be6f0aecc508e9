-- id: billing.portal-no-second-factor
-- code: POR-04
-- title: Portal user without a second factor
-- area: billing
-- rows: findings
-- key: portal_user_id
-- text: Portal user {portal_user_id} of client {client_no} logs in with a password alone
-- severity: warning
-- every: 6h
-- timeout: 30s
-- attempts: 1
-- meaning: A stolen password is enough to read the bills of the client.
-- why: Bills list matters, people and strategy: they are worth a stolen password.
-- mend: Require the second factor for the login.
-- source: OWASP ASVS 5.0, 6.3; ABA Formal Opinion 477R
-- fault: a portal user has no second factor any more
SELECT u.portal_user_id, c.client_no
FROM lx_portal_user u
JOIN lx_client c ON c.client_id = u.client_id
WHERE u.status = 'active' AND u.mfa = 0
