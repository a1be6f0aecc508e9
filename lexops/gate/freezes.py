"""Freezes: spans in which nothing is changed on targets; of the site's file, and declared by an act."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, cast

from sqlalchemy import Column, Connection, Integer, String, Table, Text, insert, select, update

from lexops.clock import show_moment
from lexops.config import Environment, SiteFile
from lexops.errors import InvalidRequest, NotFound, Refused
from lexops.gate import facts
from lexops.gate.facts import Freeze
from lexops.operations import Act, Effect, Privacy, Role, operation
from lexops.operations.moments import ahead
from lexops.store import event
from lexops.store.database import Moment, added, metadata

LONGEST = timedelta(days=92)
"""A quarter: a freeze that nobody remembers is broken instead of ended."""

freeze_table = Table(
    "freeze",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("environment", String(20), nullable=False),
    Column("starts", Moment, nullable=False),
    Column("ends", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("operator", String(80), nullable=False),
)
"""`ends` is mandatory; ending a freeze early brings it forward."""


class Where(StrEnum):
    """The environments that can be frozen."""

    PRODUCTION = "production"
    STAGING = "staging"
    DEMO = "demo"


def freezes(connection: Connection, file: SiteFile, at: datetime) -> list[Freeze]:
    """Freezes that are in force at a moment or still come, the next to end first."""
    columns = freeze_table.c
    rows = connection.execute(select(freeze_table).where(columns.ends > at))
    declared = [
        Freeze(
            frozenset({cast(Environment, row.environment)}),
            row.starts,
            row.ends,
            row.reason,
            row.operator,
            row.id,
        )
        for row in rows
    ]
    found = [*facts.freezes(file.settings.policy), *declared]
    return sorted((each for each in found if each.ends > at), key=lambda each: each.ends)


@operation("freeze.start", role=Role.MANAGER, effect=Effect.CHANGE)
def start(
    act: Act,
    *,
    until: Annotated[str, "when it ends: 2027-01-04T06:00, or after: 12h, 14d"],
    reason: Annotated[str, "why nothing may be changed", Privacy.PERSONAL],
    environment: Annotated[Where | None, "what is frozen; else where most can be lost"] = None,
    begin: Annotated[str | None, "when it begins: 2026-12-20T18:00, or in: 2d; else now"] = None,
) -> str:
    """Freeze changes.

    Nothing is changed on the targets of an environment, but by break-glass; looking goes on. Ends by itself.
    """
    zone = act.file.zone
    starts = ahead(act, "begin", begin) if begin else act.at
    ends = ahead(act, "until", until, since=starts)
    if starts < act.at:
        raise InvalidRequest(f"begin: {show_moment(starts, zone)} is over", hint="leave it out to begin now")
    if not timedelta() < ends - starts <= LONGEST:
        raise InvalidRequest(
            f"until: {show_moment(ends, zone)} is not within {LONGEST.days} days after the beginning"
        )
    where = environment or Where(facts.site_environment(act.file.settings))
    values = {"environment": where, "starts": starts, "ends": ends, "reason": reason}
    number = added(act.connection, insert(freeze_table).values(**values, operator=act.operator))
    event.append(act.connection, act.at, "freeze.started", f"#{number} {where}")
    return f"freeze #{number}: no changes on {where} until {show_moment(ends, zone)}"


@operation("freeze.end", role=Role.MANAGER, effect=Effect.CHANGE, critical=True)
def end(
    act: Act,
    *,
    freeze: Annotated[int, "its number, as lexops check quiet shows it"],
    reason: Annotated[str, "why changes are allowed again", Privacy.PERSONAL],
) -> str:
    """End a freeze.

    Before its time; what stands in lexops.toml ends there.
    """
    columns = freeze_table.c
    found = act.connection.execute(select(freeze_table).where(columns.id == freeze)).one_or_none()
    if found is None:
        raise NotFound(f"there is no freeze #{freeze}", hint="see: lexops check quiet")
    if found.ends <= act.at:
        raise Refused(f"freeze #{freeze} is over since {show_moment(found.ends, act.file.zone)}")
    act.connection.execute(update(freeze_table).where(columns.id == freeze).values(ends=act.at))
    event.append(act.connection, act.at, "freeze.ended", f"#{freeze} {found.environment}")
    return f"freeze #{freeze} of {found.environment} ended"


OPERATIONS = (start, end)
