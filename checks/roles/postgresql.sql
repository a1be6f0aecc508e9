-- The role that LexOps looks at PostgreSQL with (15 and later): it reads statistics and settings, no client data.
--
-- Run it as a superuser in EVERY database that is a target, for rights on functions and sequences belong to one
-- database:    psql -X -v ON_ERROR_STOP=1 -d billing -f postgresql.sql
-- Running it again changes nothing, and is due after CREATE EXTENSION and after sequences were added by a new owner.
-- Afterwards let it log in: a certificate or peer line in pg_hba.conf, or \password lexops_monitor in psql.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'lexops_monitor') THEN
        CREATE ROLE lexops_monitor LOGIN;
    END IF;
END
$$;

ALTER ROLE lexops_monitor LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;

-- What a session of it does unless a check says otherwise; no look may ever hold up the billing application.
ALTER ROLE lexops_monitor SET default_transaction_read_only = on;
ALTER ROLE lexops_monitor SET statement_timeout = '30s';
ALTER ROLE lexops_monitor SET lock_timeout = '1s';
ALTER ROLE lexops_monitor SET idle_in_transaction_session_timeout = '60s';

-- Statistics of all sessions, all settings, the folders of the write-ahead log, and pgstattuple.
GRANT pg_monitor TO lexops_monitor;

DO $$
BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO lexops_monitor', current_database());
END
$$;

-- Five connections for each database in which this was run, because the role has one limit for the whole server: the
-- checks, the heavy checks, the doctor, an open activity screen, and an act of somebody.
DO $$
BEGIN
    EXECUTE format(
        'ALTER ROLE lexops_monitor CONNECTION LIMIT %s',
        5 * (
            SELECT count(DISTINCT d.oid)
            FROM pg_database AS d
            CROSS JOIN aclexplode(d.datacl) AS a
            WHERE a.grantee = 'lexops_monitor'::regrole AND a.privilege_type = 'CONNECT'
        )
    );
END
$$;

-- Errors in postgresql.conf and pg_hba.conf.
GRANT SELECT ON pg_catalog.pg_file_settings, pg_catalog.pg_hba_file_rules TO lexops_monitor;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_show_all_file_settings(), pg_catalog.pg_hba_file_rules() TO lexops_monitor;

-- Looking for corruption and for bloat, where the extension is there.
DO $$
DECLARE
    checking record;
BEGIN
    FOR checking IN
        SELECT d.objid::regprocedure AS name
        FROM pg_depend AS d
        JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid
        WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'e' AND e.extname IN ('amcheck', 'pgstattuple')
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO lexops_monitor', checking.name);
    END LOOP;
END
$$;

-- How far sequences have come: numbers only. Those that the present owners add later are included.
DO $$
DECLARE
    place record;
BEGIN
    FOR place IN
        SELECT DISTINCT n.nspname AS name, pg_get_userbyid(s.relowner) AS owner
        FROM pg_class AS s
        JOIN pg_namespace AS n ON n.oid = s.relnamespace
        WHERE s.relkind = 'S' AND s.relpersistence <> 't'
    LOOP
        EXECUTE format('GRANT SELECT ON ALL SEQUENCES IN SCHEMA %I TO lexops_monitor', place.name);
        EXECUTE format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE %I GRANT SELECT ON SEQUENCES TO lexops_monitor', place.owner
        );
    END LOOP;
END
$$;

-- Second part, for the billing checks: a decision of its own, because these tables hold client data.
-- The checks select ids, amounts and dates; the role could read all of it. Name your schema and run:
--
-- GRANT USAGE ON SCHEMA billing TO lexops_monitor;
-- GRANT SELECT ON ALL TABLES IN SCHEMA billing TO lexops_monitor;
-- ALTER DEFAULT PRIVILEGES FOR ROLE billing_owner IN SCHEMA billing GRANT SELECT ON TABLES TO lexops_monitor;

-- Where row-level security would hide rows of these tables, the checks refuse to look at the rest of them. This lets
-- the role see all rows of what it may select; it is due again whenever this file was run:
--
-- ALTER ROLE lexops_monitor BYPASSRLS;

-- Third part, for cancelling statements and terminating sessions from the activity screen (of ordinary roles only):
--
-- GRANT pg_signal_backend TO lexops_monitor;
