-- id: billing.portal-access-ungranted
-- code: POR-01
-- title: Portal user opened an invoice without a grant
-- area: billing
-- rows: findings
-- key: access_id
-- text: Portal user {portal_user_id} opened invoice {invoice_no} at {at} without a grant
-- severity: critical
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: Somebody saw a bill that was not theirs to see: nobody had granted it, or the grant was revoked or had
--   expired. The day on which a grant expires is its last one.
-- why: Bills tell what a client is advised about; whoever reads them without a right has read
--   privileged matters.
-- mend: Lock the login, find how the access was possible, and tell the responsible partner.
-- source: ABA Model Rule 1.6(c); GDPR Art. 33
-- fault: the grant under which an invoice was opened is removed
SELECT a.access_id, a.portal_user_id, i.invoice_no, a.at
FROM lx_portal_access a
JOIN lx_invoice i ON i.invoice_id = a.invoice_id
LEFT JOIN lx_portal_grant g ON g.portal_user_id = a.portal_user_id AND g.matter_id = i.matter_id
    AND g.granted_on <= a.at AND (g.revoked_on IS NULL OR g.revoked_on > a.at)
    AND (g.expires_on IS NULL OR @days(a.at, g.expires_on) >= 0)
WHERE g.grant_id IS NULL
