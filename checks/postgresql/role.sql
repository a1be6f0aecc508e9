-- The role we look with, quoted, and whether it sees the sessions of others and all settings.
SELECT
    quote_ident(current_user) AS name,
    pg_has_role('pg_read_all_stats', 'USAGE') AS sees_sessions,
    pg_has_role('pg_read_all_settings', 'USAGE') AS sees_settings
