-- Settings of the server: how many connections it takes, and what decides about durability.
SHOW GLOBAL VARIABLES WHERE Variable_name IN (
    'max_connections',
    'innodb_flush_log_at_trx_commit',
    'log_bin',
    'sync_binlog',
    'innodb_doublewrite'
)
