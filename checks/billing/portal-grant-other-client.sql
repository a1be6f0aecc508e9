-- id: billing.portal-grant-other-client
-- code: POR-02
-- title: Portal grant to a matter of another client
-- area: billing
-- rows: findings
-- key: grant_id
-- text: Portal user {portal_user_id} of client {user_client} may see matter {matter_no} of client {matter_client}
-- severity: critical
-- every: 15m
-- timeout: 30s
-- attempts: 1
-- meaning: A client can read another client's bills: a breach of confidentiality that has to be
--   reported.
-- why: A bill of another client, read once, can cost both of them and has to be reported within
--   days.
-- mend: Revoke the grant now; look in the portal log at what was opened, and tell the responsible
--   partner.
-- source: ABA Model Rule 1.6(c); GDPR Art. 33
-- fault: in the demo firm: A portal user may see a matter of another client
SELECT g.grant_id, g.portal_user_id, cu.client_no AS user_client, m.matter_no, cm.client_no AS matter_client
FROM lx_portal_grant g
JOIN lx_portal_user u ON u.portal_user_id = g.portal_user_id
JOIN lx_matter m ON m.matter_id = g.matter_id AND m.client_id <> u.client_id
JOIN lx_client cu ON cu.client_id = u.client_id
JOIN lx_client cm ON cm.client_id = m.client_id
LEFT JOIN lx_payer_split p ON p.matter_id = m.matter_id AND p.payer_client_id = u.client_id
WHERE g.revoked_on IS NULL AND p.matter_id IS NULL
