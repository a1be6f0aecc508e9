-- Whether performance_schema counts what is read by which index.
SELECT
    NAME AS name
FROM performance_schema.setup_instruments
WHERE NAME = 'wait/io/table/sql/handler' AND ENABLED = 'YES'
