-- The account we look with, when the server started (to a second), and whether we may end other sessions.
SELECT
    current_user() AS name,
    substring_index(user(), '@', 1) AS role,
    unix_timestamp() - s.VARIABLE_VALUE AS started,
    (
        SELECT count(*)
        FROM information_schema.USER_PRIVILEGES AS u
        WHERE u.PRIVILEGE_TYPE IN ('CONNECTION ADMIN', 'SUPER')
            AND u.GRANTEE = concat('''', replace(current_user(), '@', '''@'''), '''')
    ) AS signals
FROM information_schema.GLOBAL_STATUS AS s
WHERE s.VARIABLE_NAME = 'UPTIME'
