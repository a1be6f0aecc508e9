-- Whether pg_stat_statements is loaded, the schema that its view is in, and whether we find it there; the role
-- we look with.
SELECT
    current_setting('pg_stat_statements.max', true) IS NOT NULL AS is_loaded,
    (
        SELECT quote_ident(n.nspname)
        FROM pg_extension AS e
        JOIN pg_namespace AS n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_stat_statements'
    ) AS schema,
    to_regclass('pg_stat_statements') IS NOT NULL AS is_visible,
    quote_ident(current_user) AS role
