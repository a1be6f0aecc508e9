"""What the monitoring account needs; `checks/roles/mariadb.sql` gives all of it."""

from __future__ import annotations

from lexops.checks.contract import MariaDB

PROCESS = "GRANT PROCESS ON *.* TO lexops_monitor"
"""Without it the server refuses to show transactions and locks, and shows only the account's own sessions."""

TABLES = "GRANT REFERENCES ON *.* TO lexops_monitor"
"""Tables on which an account has no right do not exist for it. This right shows their columns and indexes,
but none of their rows."""

REPLICATION = "GRANT SLAVE MONITOR ON *.* TO lexops_monitor"
"""In MySQL and before MariaDB 10.5 it is REPLICATION CLIENT."""

BINARY_LOGS = "GRANT BINLOG MONITOR ON *.* TO lexops_monitor"
"""In MySQL and before MariaDB 10.5 it is REPLICATION CLIENT."""

STATEMENTS = "GRANT SELECT ON performance_schema.* TO lexops_monitor"


def demand_process(db: MariaDB) -> None:
    """Raises Denied unless the account sees the sessions of others.

    The list of sessions would only show it its own, which looks like a quiet server.
    """
    db.query("demand-process")
