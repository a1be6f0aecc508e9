-- Indexes without a scan since the counters began, or, as PostgreSQL 16 and later tell, for 30 days; the
-- largest first, those that enforce something left out.
SELECT
    s.indexrelid::regclass::text AS name,
    pg_relation_size(s.indexrelid) AS bytes
FROM pg_stat_user_indexes AS s
JOIN pg_index AS i USING (indexrelid)
WHERE (s.idx_scan = 0 OR s.last_idx_scan < now() - interval '30 days')
    AND NOT i.indisunique AND NOT i.indisexclusion
    AND NOT EXISTS (SELECT FROM pg_constraint AS c WHERE c.conindid = s.indexrelid)
ORDER BY bytes DESC, name
LIMIT 20
