-- Changes whose old versions of rows have not been purged.
SELECT COUNT AS length
FROM information_schema.INNODB_METRICS
WHERE NAME = 'trx_rseg_history_len' AND ENABLED = 1
