-- Settings of the server that checks judge.
SHOW GLOBAL VARIABLES WHERE Variable_name IN (
    'max_connections',
    'open_files_limit',
    'long_query_time',
    'performance_schema',
    'innodb_flush_log_at_trx_commit',
    'innodb_doublewrite',
    'innodb_checksum_algorithm',
    'innodb_force_recovery',
    'innodb_redo_log_capacity',
    'log_bin',
    'sync_binlog',
    'expire_logs_days',
    'binlog_expire_logs_seconds',
    'foreign_key_checks',
    'check_constraint_checks',
    'sql_mode',
    'read_only',
    'super_read_only',
    'wsrep_on',
    'bind_address',
    'skip_networking'
)
