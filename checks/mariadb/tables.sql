-- InnoDB tables outside the server's own schemas: how many there are, and how many this account may see; and
-- whether it has a right on every table. For MySQL, whose versions are below 10.
-- Partitions of a table, tables under construction and the insides of full-text indexes do not count.
SELECT
    (
        SELECT count(DISTINCT substring_index(NAME, '#', 1))
        FROM information_schema.INNODB_TABLES
        WHERE NAME LIKE '%/%' AND NAME NOT LIKE '%/#%' AND NAME NOT LIKE '%/FTS\_%'
            AND substring_index(NAME, '/', 1) NOT IN ('mysql', 'sys')
    ) AS present,
    (
        SELECT count(*)
        FROM information_schema.TABLES
        WHERE ENGINE = 'InnoDB'
            AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
    ) AS visible,
    EXISTS (
        SELECT 1
        FROM information_schema.USER_PRIVILEGES
        WHERE PRIVILEGE_TYPE IN ('SELECT', 'REFERENCES')
            AND replace(GRANTEE, '''', '') = current_user()
    ) AS sees_all
