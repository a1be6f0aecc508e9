"""What people do with incidents."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from lexops.checks import asked, presence
from lexops.checks.model import Status
from lexops.errors import Refused
from lexops.incidents import store
from lexops.operations import Act, Effect, Privacy, Role, operation
from lexops.text import one_line


class Severity(StrEnum):
    """How bad an incident opened by hand is."""

    WARNING = "warning"
    CRITICAL = "critical"


@operation("incident.open", role=Role.SUPPORT, effect=Effect.CHANGE)
def open_(
    act: Act,
    *,
    title: Annotated[str, "what is wrong, in one line", Privacy.PERSONAL],
    severity: Annotated[Severity, "how bad it is"] = Severity.WARNING,
    target: Annotated[str | None, "the target it is about"] = None,
) -> str:
    """Open an incident by hand."""
    level = Status(severity.value.upper())
    number = store.open_by_hand(
        act.connection, act.request.key, one_line(title, 200), level, act.at, act.operator, target
    )
    return f"incident #{number} opened"


@operation("incident.acknowledge", role=Role.SUPPORT, effect=Effect.CHANGE)
def acknowledge(act: Act, *, incident: Annotated[int, "number of the incident"]) -> str:
    """Take an incident.

    You are on it, and everybody sees that.
    """
    taken = store.acknowledge(act.connection, incident, act.at, act.operator)
    if taken.target and taken.check:
        asked.acknowledge(
            act.connection, taken.target, taken.check, act.operator, f"incident #{incident}", act.at
        )
    return f"incident #{incident} acknowledged by {act.operator}"


@operation("incident.note", role=Role.SUPPORT, effect=Effect.CHANGE)
def note(
    act: Act,
    *,
    incident: Annotated[int, "number of the incident"],
    text: Annotated[str, "what you found or did; no client data", Privacy.PERSONAL],
) -> str:
    """Note on an incident."""
    store.note(act.connection, incident, act.at, act.operator, text)
    return f"noted on incident #{incident}"


@operation("incident.resolve", role=Role.SUPPORT, effect=Effect.CHANGE)
def resolve(
    act: Act,
    *,
    incident: Annotated[int, "number of the incident"],
    note: Annotated[str, "what ended it", Privacy.PERSONAL],
) -> str:
    """End an incident."""
    store.resolve(act.connection, incident, act.at, act.operator, note)
    return f"incident #{incident} resolved"


UNWATCHED = "no-worker"
"""Key of the alarm that nobody watches."""


@operation("incident.unwatched", role=Role.SUPPORT, effect=Effect.CHANGE)
def unwatched(act: Act) -> str:
    """Tell that nobody watches.

    Opens one incident when no worker is alive.
    """
    if presence.is_worker_alive(act.connection, act.at):
        raise Refused("a worker is alive", hint="see: lexops status")
    store.alarm(act.connection, UNWATCHED, "Nobody watches: no worker is alive", act.at)
    return f"incident #{store.alarmed(act.connection, UNWATCHED)}: nobody watches"


OPERATIONS = (open_, acknowledge, note, resolve, unwatched)
