"""Clocks: what is left of them, said so coarsely that it changes once a minute at most. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from zoneinfo import ZoneInfo

from lexops.calendars.business import moment, seconds
from lexops.clock import show_moment
from lexops.incidents.model import Incident
from lexops.sla.model import Clock, ClockKind, ClockState
from lexops.text import plural
from lexops.tui.clocks import ClockRow
from lexops.tui.ink import Ink, Line, Tone, fitted
from lexops.tui.presenters.columns import Column, widest

BAR = 6
"""Cells of a bar in a list."""
_DAYS = 2 * 24 * 60
"""Minutes from which only days are said."""
_SHORT = {
    ClockKind.RESPONSE: "resp.",
    ClockKind.UPDATE: "upd.",
    ClockKind.RESOLUTION: "due",
    ClockKind.NOTICE: "law",
}
_STATES = {
    ClockState.RUNNING: Ink("▸ running"),
    ClockState.PAUSED: Ink("… paused", Tone.QUIET),
    ClockState.OVERDUE: Ink("✖ overdue", Tone.CRITICAL),
    ClockState.MET: Ink("✔ met", Tone.OK),
    ClockState.MISSED: Ink("✖ missed", Tone.CRITICAL),
    ClockState.CANCELLED: Ink("– cancelled", Tone.QUIET),
}
_WARNED = Ink("▲ warned", Tone.WARNING)


# Time left


def span(length: int) -> str:
    """Seconds as `00:41`, hours and minutes; from two days on `2 d`. Minutes that have begun do not count."""
    minutes = max(0, length) // 60
    if minutes < _DAYS:
        return f"{minutes // 60:02d}:{minutes % 60:02d}"
    return f"{minutes // (24 * 60):,} d"


def hours(length: int) -> str:
    """Open seconds as `6:12` or `105:30`, hours and minutes: a day of them is no day."""
    return f"{length // 3600:,}:{length % 3600 // 60:02d}"


def is_warned(clock: Clock) -> bool:
    """Whether a clock that runs has used up so much that somebody was warned."""
    return clock.state is ClockState.RUNNING and bool(clock.warnings) and clock.used >= min(clock.warnings)


def is_late(clock: Clock) -> bool:
    """Whether somebody should look at it now."""
    return clock.state is ClockState.OVERDUE or is_warned(clock)


def tone(clock: Clock) -> Tone:
    """How pressing it is."""
    if clock.state is ClockState.OVERDUE:
        return Tone.CRITICAL
    if clock.state is ClockState.RUNNING:
        return Tone.WARNING if is_warned(clock) else Tone.PLAIN
    return Tone.QUIET


def left(clock: Clock, now: datetime) -> Ink:
    """The time until it is due by the clock on the wall, `over 00:12` after it.

    Of one that is paused what is left of its open time; nothing of one that is over. Whether it is overdue
    was said by the tracker: outside its hours a clock may be past its due time and not be broken.
    """
    if clock.state.is_over:
        return Ink("")
    if clock.state is ClockState.PAUSED or clock.due is None:
        return Ink(hours(clock.left), tone(clock))
    away = clock.due - seconds(now)
    if clock.state is ClockState.OVERDUE:
        return Ink(f"over {span(-away)}", Tone.CRITICAL)
    return Ink(span(away), tone(clock))


def countdown(clock: Clock, now: datetime) -> Ink:
    """`resp. 00:41`, `due 2 d`, `paused`, `over 00:12`: for one column of a list of tickets."""
    if clock.state is ClockState.PAUSED:
        return Ink("paused", Tone.QUIET)
    said = left(clock, now)
    return said if clock.state is ClockState.OVERDUE else Ink(f"{_SHORT[clock.kind]} {said.text}", said.tone)


def next_words(rows: Sequence[ClockRow], now: datetime) -> list[Ink]:
    """`2 overdue`, and how long until the next breach; nothing when no clock runs. `rows` in their order."""
    overdue = sum(1 for _ in takewhile(lambda row: row.clock.state is ClockState.OVERDUE, rows))
    said = [Ink(f"✖ {overdue:,} overdue", Tone.CRITICAL)] if overdue else []
    if overdue < len(rows) and rows[overdue].clock.state is ClockState.RUNNING:
        first = left(rows[overdue].clock, now)
        said.append(Ink(f"next breach {first.text}", first.tone))
    return said


# Words


def name(clock: Clock) -> str:
    """`response`, `update 2`, `notice EU`."""
    if clock.kind is ClockKind.NOTICE:
        return f"{clock.kind} {clock.policy}"
    return f"{clock.kind} {clock.round}" if clock.round > 1 else str(clock.kind)


def badge(clock: Clock) -> Ink:
    """Sign and word."""
    return _WARNED if is_warned(clock) else _STATES[clock.state]


def bar(percent: int, width: int, tone: Tone) -> Line:
    """So much of a length is filled; more than all of it is all."""
    filled = max(0, min(width, (percent * width + 50) // 100))
    return (Ink("█" * filled, tone), Ink("░" * (width - filled), Tone.QUIET))


def haystack(row: ClockRow) -> str:
    """What a filter looks through."""
    incident, clock = row.incident, row.clock
    return "\n".join(
        (
            f"#{incident.id}",
            incident.title,
            f"client:{clock.facts.client}",
            f"clock:{clock.kind}",
            f"priority:{clock.facts.priority}",
            f"provider:{clock.facts.provider}",
            f"queue:{clock.facts.queue}",
            f"policy:{clock.policy}",
            f"owner:{incident.owner or ''}",
            f"target:{incident.target or ''}",
            f"is:{clock.state}",
            "is:warned" if is_warned(clock) else "",
        )
    )


def counted(shown: Sequence[ClockRow], total: int) -> str:
    """`3 clocks, 1 overdue, 1 paused`; of those that the filter leaves."""
    said = plural(total, "clock")
    parts = [said if len(shown) == total else f"{len(shown):,} of {said}"]
    states = [row.clock.state for row in shown]
    for state in (ClockState.OVERDUE, ClockState.PAUSED):
        if count := states.count(state):
            parts.append(f"{count:,} {state}")
    return ", ".join(parts)


def columns(known: Sequence[ClockRow], now: datetime, zone: ZoneInfo) -> tuple[Column[ClockRow], ...]:
    """Ticket, priority, client, clock, state, left, due, used; where there is room title, risk and policy."""
    few = known[:1000]
    clients = widest((row.clock.facts.client for row in few), least=7, most=14)
    risky: Column[ClockRow] = Column("risk", _risk, 5, priority=2, right=True)
    return (
        Column("ticket", lambda row: (Ink(f"#{row.incident.id}", Tone.STRONG),), 6, right=True),
        Column("prio", lambda row: (Ink(row.clock.facts.priority),), 4),
        Column("client", lambda row: (Ink(row.clock.facts.client, Tone.QUIET),), clients, priority=1),
        Column("clock", lambda row: (Ink(name(row.clock)),), 10),
        Column("state", lambda row: (badge(row.clock),), 9),
        Column("left", lambda row: (left(row.clock, now),), 10, right=True),
        Column("due", lambda row: (Ink(_due(row.clock, zone), Tone.QUIET),), 12),
        Column("used", lambda row: _used(row.clock), BAR + 6),
        *((risky,) if any(row.forecast for row in few) else ()),
        Column("title", lambda row: (Ink(row.incident.title, Tone.QUIET),), 13, grow=1, priority=3),
        Column("policy", lambda row: (Ink(row.clock.policy, Tone.QUIET),), 12, priority=4),
    )


def _due(clock: Clock, zone: ZoneInfo) -> str:
    return "" if clock.due is None else moment(clock.due).astimezone(zone).strftime("%d %b %H:%M")


def _used(clock: Clock) -> Line:
    percent = f"{min(clock.used, 999)} %"
    return (*bar(clock.used, BAR, tone(clock)), Ink(f"{percent:>6}", tone(clock)))


def _risk(row: ClockRow) -> Line:
    told = row.forecast
    if told is None:
        return ()
    likely = Tone.WARNING if told.permille >= 500 else Tone.QUIET
    return (Ink(f"{told.permille // 10} %", likely),)


def due_column(nexts: Mapping[int, Clock], now: datetime) -> Column[Incident]:
    """What runs out next, beside incidents."""

    def cell(incident: Incident) -> Line:
        clock = nexts.get(incident.id)
        return (countdown(clock, now),) if clock else ()

    return Column("due", cell, 11)


def clock_lines(clocks: Sequence[Clock], now: datetime, zone: ZoneInfo, width: int) -> list[Line]:
    """One line for each clock: state, what is left, when exactly it is due, what is used, the policy."""
    return [_line(clock, now, zone, width) for clock in clocks]


def _line(clock: Clock, now: datetime, zone: ZoneInfo, width: int) -> Line:
    due = "nothing due while it waits" if clock.due is None else show_moment(moment(clock.due), zone)
    revision = f" revision {clock.policy_revision}" if clock.policy_revision else ""
    contract = f", {clock.contract}" if clock.contract else ""
    pieces = (
        *fitted((Ink(f" {name(clock)}"),), 12),
        *fitted((badge(clock),), 11),
        *fitted((left(clock, now),), 11),
        *fitted((Ink(due),), 27),
        *fitted((Ink(f"{min(clock.used, 999)} %", tone(clock)),), 6, right=True),
        Ink(f"  {clock.policy}{revision}{contract}", Tone.QUIET),
    )
    return fitted(pieces, width)
