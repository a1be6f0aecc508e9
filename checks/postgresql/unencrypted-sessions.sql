-- Sessions from other machines without TLS or GSSAPI encryption, by role and address.
SELECT
    coalesce(a.usename, a.backend_type) AS role,
    host(a.client_addr) AS address,
    count(*) AS sessions
FROM pg_stat_activity AS a
JOIN pg_stat_ssl AS s USING (pid)
LEFT JOIN pg_stat_gssapi AS g USING (pid)
WHERE NOT s.ssl AND g.encrypted IS NOT TRUE
    AND a.client_addr IS NOT NULL
    AND NOT a.client_addr <<= inet '127.0.0.0/8'
    AND a.client_addr <> inet '::1'
GROUP BY role, address
ORDER BY sessions DESC, role, address
