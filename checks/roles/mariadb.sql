-- The account that LexOps looks at MariaDB (10.5 and later) and MySQL (8.0 and later) with: it reads statistics,
-- settings and what tables are made of, no client data.
--
-- Run it as an administrator, once for each server:    mariadb < mariadb.sql
-- Running it again changes nothing. A new account is locked; afterwards give it a password of its own, and, where it
-- comes over the network, demand TLS:
--     ALTER USER lexops_monitor@'%' IDENTIFIED BY '…' REQUIRE SSL ACCOUNT UNLOCK;

CREATE USER IF NOT EXISTS lexops_monitor@'%' ACCOUNT LOCK;

-- Five connections: the checks, the heavy checks, the doctor, an open activity screen, and an act of somebody. The
-- account has them for the whole server: make it five for each database of it that is a target of its own.
ALTER USER lexops_monitor@'%' WITH MAX_USER_CONNECTIONS 5;

-- Sessions, transactions and locks of others (PROCESS), and the binary logs (REPLICATION CLIENT, which MariaDB calls
-- BINLOG MONITOR now). REFERENCES on tables shows that they are there, their columns and indexes, but no row of them;
-- it is what CHECK TABLE asks for, too.
GRANT PROCESS, REPLICATION CLIENT, REFERENCES ON *.* TO lexops_monitor@'%';

-- What replication does, a right of its own in MariaDB; MySQL has it in REPLICATION CLIENT and skips the comment.
GRANT REPLICATION CLIENT /*M!100508 , SLAVE MONITOR */ ON *.* TO lexops_monitor@'%';

-- Statements by their normalised text, unused indexes, metadata locks.
GRANT SELECT ON performance_schema.* TO lexops_monitor@'%';

-- MySQL only, for lock waits:
--
-- GRANT SELECT, EXECUTE ON sys.* TO lexops_monitor@'%';

-- Second part, for the billing checks: a decision of its own, because these tables hold client data.
-- The checks select ids, amounts and dates; the account could read all of it. Name your database and run:
--
-- GRANT SELECT ON billing.* TO lexops_monitor@'%';

-- Third part, for cancelling statements and terminating sessions from the activity screen. MariaDB 10.5 and later:
--
-- GRANT CONNECTION ADMIN ON *.* TO lexops_monitor@'%';
--
-- MySQL 8.0 and later: GRANT CONNECTION_ADMIN ON *.* TO lexops_monitor@'%';
