-- Counters of the server: uptime in seconds, connections now and at most since the start.
SHOW GLOBAL STATUS WHERE Variable_name IN ('Uptime', 'Threads_connected', 'Max_used_connections')
