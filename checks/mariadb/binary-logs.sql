-- The binary logs; bytes.
SHOW BINARY LOGS
