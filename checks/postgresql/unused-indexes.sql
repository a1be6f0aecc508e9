-- Indexes without a scan since the counters began, the largest first; those that enforce something left out.
SELECT
    s.indexrelid::regclass::text AS name,
    pg_relation_size(s.indexrelid) AS bytes
FROM pg_stat_user_indexes AS s
JOIN pg_index AS i USING (indexrelid)
WHERE s.idx_scan = 0
    AND NOT i.indisunique AND NOT i.indisexclusion
    AND NOT EXISTS (SELECT FROM pg_constraint AS c WHERE c.conindid = s.indexrelid)
ORDER BY bytes DESC, name
LIMIT 20
