-- The extension of that name, if it is in this database, and those of its functions of the other name that the
-- role we look with may not call.
SELECT
    e.extversion AS version,
    quote_ident(current_user) AS role,
    (
        SELECT string_agg(p.oid::regprocedure::text, ', ')
        FROM pg_depend AS d
        JOIN pg_proc AS p ON p.oid = d.objid
        WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
            AND d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
            AND p.proname = :function AND NOT has_function_privilege(p.oid, 'EXECUTE')
    ) AS hidden
FROM pg_extension AS e
WHERE e.extname = :extension
