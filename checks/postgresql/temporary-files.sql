-- Bytes in temporary files of the whole server at the moment.
SELECT
    coalesce(sum(f.size), 0)::bigint AS bytes
FROM pg_tablespace AS t
CROSS JOIN LATERAL pg_ls_tmpdir(t.oid) AS f
WHERE t.spcname <> 'pg_global'
