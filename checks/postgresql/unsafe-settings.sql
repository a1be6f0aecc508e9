-- The settings that must not be off: on or off, synchronous_commit in more shades.
SELECT
    current_setting('fsync') AS fsync,
    current_setting('full_page_writes') AS full_page_writes,
    current_setting('autovacuum') AS autovacuum,
    current_setting('track_counts') AS track_counts,
    current_setting('synchronous_commit') AS synchronous_commit
