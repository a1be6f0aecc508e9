-- id: billing.case-client-differs
-- code: SYN-03
-- title: Case and matter belong to different clients
-- area: billing
-- rows: findings
-- key: matter_id
-- text: Matter {matter_no}: client {matter_client} in billing, {case_client} in the case system
-- severity: critical
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: The bill, with all its confidential detail, would go to the wrong client.
-- why: A bill shows who is advised about what: sent to the wrong client it is a breach of
--   confidence that no credit note takes back.
-- mend: Stop the next bill of the matter; correct the link with the responsible lawyer.
-- source: Completeness of the interface; ABA Model Rule 1.6
-- fault: the case of a matter is moved to another client
SELECT m.matter_id, m.matter_no, cl.client_no AS matter_client, c.client_no AS case_client
FROM lx_matter m
JOIN lx_case_record c ON c.case_id = m.ext_id
JOIN lx_client cl ON cl.client_id = m.client_id
WHERE c.client_no <> cl.client_no
