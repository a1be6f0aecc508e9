-- The role we look with, quoted, and whether it sees the sessions of others.
SELECT
    quote_ident(current_user) AS name,
    pg_has_role('pg_read_all_stats', 'USAGE') AS sees_sessions
