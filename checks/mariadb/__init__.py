"""MariaDB: is it there, who holds it up, and will it keep what it is given?"""

from . import server, tables, transactions

CHECKS = (
    server.availability,
    server.connections,
    server.durability,
    transactions.longest_transaction,
    transactions.lock_waits,
    transactions.history_length,
    tables.auto_increment,
    tables.tables_without_primary_key,
)
