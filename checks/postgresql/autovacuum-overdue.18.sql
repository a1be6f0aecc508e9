-- The tables with most dead rows for what they are: how many, and at how many autovacuum begins by its general
-- settings or those of the table, which from PostgreSQL 18 on have an upper bound; at least 5,000.
WITH tables AS (
    SELECT
        s.relid::regclass::text AS name,
        s.n_dead_tup AS dead,
        greatest(
            5000,
            least(
                coalesce(o.base, current_setting('autovacuum_vacuum_threshold')::float8)
                    + coalesce(o.share, current_setting('autovacuum_vacuum_scale_factor')::float8)
                    * greatest(c.reltuples, 0),
                nullif(coalesce(o.most, current_setting('autovacuum_vacuum_max_threshold')::float8), -1)
            )
        )::float8 AS trigger
    FROM pg_stat_user_tables AS s
    JOIN pg_class AS c ON c.oid = s.relid
    CROSS JOIN LATERAL (
        SELECT
            max(option_value::float8) FILTER (WHERE option_name = 'autovacuum_vacuum_threshold') AS base,
            max(option_value::float8) FILTER (WHERE option_name = 'autovacuum_vacuum_scale_factor') AS share,
            max(option_value::float8) FILTER (WHERE option_name = 'autovacuum_vacuum_max_threshold') AS most
        FROM pg_options_to_table(c.reloptions)
        WHERE option_name LIKE 'autovacuum\_vacuum\_%'
    ) AS o
)
SELECT
    name AS name,
    dead AS dead,
    trigger AS trigger
FROM tables
ORDER BY dead / trigger DESC, name
LIMIT 10
