"""The databases we can look at."""

from __future__ import annotations

from lexops.targets.mariadb import MariaDB
from lexops.targets.postgresql import PostgreSQL
from lexops.targets.sql import MAX_ROWS, Database
from lexops.targets.sqlite import SQLite

__all__ = ["MAX_ROWS", "Database", "MariaDB", "PostgreSQL", "SQLite"]
