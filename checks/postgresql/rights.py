"""What the monitoring role may see."""

from __future__ import annotations

from lexops.checks.contract import CannotSee, NotApplicable, PostgreSQL

PG_MONITOR = "GRANT pg_monitor TO lexops_monitor"
"""The grant that most of these checks need; `checks/roles/postgresql.sql` gives it and the few others."""


def demand_statistics(db: PostgreSQL) -> None:
    """Raises CannotSee unless the role sees what other sessions do.

    To any other role PostgreSQL shows them with most columns empty, which looks like a quiet server.
    """
    _demand(db, "sees_sessions", "sees only its own sessions")


def demand_settings(db: PostgreSQL) -> None:
    """Raises CannotSee unless the role sees all settings: others are left out without a word."""
    _demand(db, "sees_settings", "does not see all settings")


def demand_extension(db: PostgreSQL, name: str, function: str) -> None:
    """Raises NotApplicable when this database lacks the extension, CannotSee when its function is closed."""
    rows = db.query("extension", extension=name, function=function)
    if not rows:
        raise NotApplicable(f"the extension {name} is not in this database; CREATE EXTENSION {name} adds it")
    role, hidden = rows[0]["role"], rows[0]["hidden"]
    if hidden:
        raise CannotSee(
            f"{role} may not call {hidden}", grant=f"GRANT EXECUTE ON FUNCTION {hidden} TO {role}"
        )


def _demand(db: PostgreSQL, right: str, lack: str) -> None:
    role = db.query_row("role")
    if not role[right]:
        raise CannotSee(f"{role['name']} {lack}", grant=f"GRANT pg_monitor TO {role['name']}")
