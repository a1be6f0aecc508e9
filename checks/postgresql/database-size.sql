-- The size of this database in bytes.
SELECT
    pg_database_size(current_database())::float8 AS bytes
