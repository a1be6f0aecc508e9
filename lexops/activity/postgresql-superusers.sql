-- Whether a role is a superuser, whose sessions only another superuser may end.
SELECT
    coalesce(bool_or(rolsuper), false) AS is_superuser,
    coalesce(bool_or(pg_has_role(oid, 'USAGE')), false) AS is_ours
FROM pg_roles
WHERE rolname = :role
