-- What the server would not accept of its files. A setting that merely waits for a restart is none.
SELECT
    regexp_replace(f.sourcefile, '.*/', '') AS file,
    f.sourceline AS line,
    f.error AS error
FROM pg_file_settings AS f
WHERE f.error IS NOT NULL
    AND NOT EXISTS (SELECT FROM pg_settings AS s WHERE s.name = f.name AND s.pending_restart)
UNION ALL
SELECT
    'pg_hba.conf',
    line_number,
    error
FROM pg_hba_file_rules
WHERE error IS NOT NULL
ORDER BY file, line
