-- The account we look with, when the server started (to a second), and whether we may end other sessions.
-- For MySQL, whose versions are below 10.
SELECT
    current_user() AS name,
    substring_index(user(), '@', 1) AS role,
    unix_timestamp() - s.VARIABLE_VALUE AS started,
    (
        SELECT count(*)
        FROM information_schema.USER_PRIVILEGES AS u
        WHERE u.PRIVILEGE_TYPE IN ('CONNECTION_ADMIN', 'SUPER')
            AND u.GRANTEE = concat('''', replace(current_user(), '@', '''@'''), '''')
    ) AS signals
FROM performance_schema.global_status AS s
WHERE s.VARIABLE_NAME = 'Uptime'
