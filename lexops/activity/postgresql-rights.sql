-- The role we look with, quoted, whether it sees the sessions of others, and whose it may end.
SELECT
    quote_ident(current_user) AS name,
    current_user AS plain,
    pg_has_role('pg_read_all_stats', 'USAGE') AS sees,
    pg_has_role('pg_signal_backend', 'USAGE') AS signals,
    current_setting('is_superuser') = 'on' AS is_superuser
