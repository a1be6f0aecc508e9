"""What the monitoring role may see."""

from __future__ import annotations

from lexops.checks.contract import CannotSee, PostgreSQL

PG_MONITOR = "GRANT pg_monitor TO lexops"
"""The one grant that these checks need; `lexops` stands for the role that LexOps logs in with."""


def demand_statistics(db: PostgreSQL) -> None:
    """Raises CannotSee unless the role sees what other sessions do.

    To any other role PostgreSQL shows them with most columns empty, which looks like a quiet server.
    """
    role = db.query_row("role")
    if not role["sees_sessions"]:
        raise CannotSee(
            f"{role['name']} sees only its own sessions", grant=f"GRANT pg_monitor TO {role['name']}"
        )
