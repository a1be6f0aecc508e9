-- The sequences that are nearest to their end: numbers used, and the highest that fits both the sequence
-- and the column it feeds, as its owner or by default; the narrowest of several. Hidden is how many may not be read.
WITH known AS (
    SELECT
        s.oid,
        n.nspname AS schema,
        coalesce(fed.name, s.oid::regclass::text) AS name,
        has_sequence_privilege(s.oid, 'SELECT, USAGE') AS is_readable,
        least(
            q.seqmax,
            CASE fed.type WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647 END
        ) AS highest
    FROM pg_sequence AS q
    JOIN pg_class AS s ON s.oid = q.seqrelid AND s.relpersistence <> 't'
    JOIN pg_namespace AS n ON n.oid = s.relnamespace
    LEFT JOIN LATERAL (
        SELECT
            a.attrelid::regclass::text || '.' || a.attname AS name,
            a.atttypid AS type
        FROM pg_attribute AS a
        WHERE (a.attrelid, a.attnum) IN (
            SELECT d.refobjid, d.refobjsubid
            FROM pg_depend AS d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = s.oid
                AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
            UNION ALL
            SELECT f.adrelid, f.adnum
            FROM pg_depend AS d
            JOIN pg_attrdef AS f ON f.oid = d.objid
            WHERE d.classid = 'pg_attrdef'::regclass
                AND d.refclassid = 'pg_class'::regclass AND d.refobjid = s.oid
        )
        ORDER BY a.atttypid NOT IN ('int2'::regtype, 'int4'::regtype), a.attlen, a.attrelid
        LIMIT 1
    ) AS fed ON true
    WHERE q.seqincrement > 0 AND NOT q.seqcycle
), counted AS (
    SELECT
        *,
        CASE WHEN is_readable THEN coalesce(pg_sequence_last_value(oid), 0) END AS used
    FROM known
)
SELECT
    name,
    is_readable,
    used,
    highest,
    count(*) FILTER (WHERE NOT is_readable) OVER () AS hidden,
    min(quote_ident(schema)) FILTER (WHERE NOT is_readable) OVER () AS hidden_in,
    quote_ident(current_user) AS role
FROM counted
ORDER BY used::float8 / highest DESC NULLS LAST, name
LIMIT 20
