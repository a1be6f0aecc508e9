"""The checks that ship with LexOps, and the pattern for anybody's own: one visible list for each kind of
target, and the billing checks as a folder of SQL files."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files

from lexops.checks.contract import RunnableCheck
from lexops.checks.registry import sql_checks

from . import endpoint, host, mariadb, own, postgresql, sqlite

BILLING = f"{__name__}.billing"


def checks() -> Iterable[RunnableCheck]:
    """Every shipped check; the entry point of the group `lexops.checks`."""
    return [
        *postgresql.CHECKS,
        *mariadb.CHECKS,
        *sqlite.CHECKS,
        *host.CHECKS,
        *endpoint.CHECKS,
        *own.CHECKS,
        *sql_checks(files(BILLING), BILLING),
    ]
