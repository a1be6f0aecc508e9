-- id: billing.portal-leaver
-- code: POR-03
-- title: Portal login active after the client or contact left
-- area: billing
-- rows: findings
-- key: portal_user_id
-- text: Portal user {portal_user_id} of client {client_no} is still active
-- severity: critical
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: Whoever has left keeps reading confidential bills.
-- why: A former client or its former employee may by now stand on the other side.
-- mend: End the login and revoke its grants.
-- source: Leavers lose access (ISO/IEC 27001:2022, A.5.18)
-- fault: in the demo firm: A contact of a client who left can still log in
SELECT u.portal_user_id, c.client_no
FROM lx_portal_user u
JOIN lx_client c ON c.client_id = u.client_id
WHERE u.status = 'active' AND (c.status = 'closed' OR u.ended_on < @asof)
