"""Clocks of the law: from awareness of a breach to its notification. Counted always, paused never.

How long is data (`jurisdictions.toml`), with the source of each row; it is no legal advice. Counting begins
with awareness, not with what happened (GDPR art. 33(1), EDPB guidelines 9/2022).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files

from lexops.calendars.builtin import ALWAYS_OPEN
from lexops.calendars.business import BusinessTime, seconds
from lexops.calendars.model import DAY
from lexops.sla.model import Clock, ClockKind, ClockState, Facts

ALWAYS = BusinessTime(ALWAYS_OPEN)
WARNINGS = (50, 75, 90)


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """Whom a law wants told of a breach, and within what time."""

    code: str
    name: str
    law: str
    recipient: str
    seconds: int | None
    """None: without undue delay, and no number."""
    source: str
    note: str = ""


@cache
def jurisdictions() -> dict[str, Jurisdiction]:
    """The shipped table, by code."""
    table = tomllib.loads(files("lexops.sla").joinpath("jurisdictions.toml").read_text(encoding="utf-8"))
    found = {}
    for code, row in table.items():
        length = row.pop("hours", 0) * 3600 + row.pop("days", 0) * DAY
        found[code] = Jurisdiction(code=code, seconds=length or None, **row)
    return found


def clock(
    code: str, round: int, start: datetime, stop: datetime | None, now: datetime, facts: Facts
) -> Clock | None:
    """The clock of one jurisdiction; None where its law names no number."""
    found = jurisdictions().get(code)
    if found is None or found.seconds is None:
        return None
    begin = seconds(start)
    end = max(begin, seconds(stop or now))
    worked, budget = end - begin, found.seconds
    if stop is not None:
        state = ClockState.MET if worked <= budget else ClockState.MISSED
    else:
        state = ClockState.RUNNING if worked <= budget else ClockState.OVERDUE
    return Clock(
        kind=ClockKind.NOTICE,
        round=round,
        state=state,
        facts=facts,
        start=begin,
        end=end,
        due=begin + budget,
        budget=budget,
        worked=worked,
        paused=0,
        pauses=(),
        warnings=WARNINGS,
        policy=code,
        policy_revision=1,
        calendar=ALWAYS_OPEN.name,
        calendar_revision=1,
        contract=found.law,
    )
