-- How many transactions can be prepared.
SELECT
    current_setting('max_prepared_transactions')::int AS limit
