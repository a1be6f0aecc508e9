"""What is no longer as it was: settings and schemas that somebody changed, told until they are old news."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from lexops.checks.contract import NotYet
from lexops.targets.memory import Memory

STANDS = timedelta(days=7)
"""How long a change is told before it counts as accepted."""


@dataclass(frozen=True, slots=True)
class Change:
    """A value that differs from the accepted one; None where there was none, or is none any more."""

    name: str
    before: str | None
    after: str | None
    noticed: datetime
    """The first look that saw it."""


def changes(memory: Memory, now: Mapping[str, str], stands: timedelta = STANDS) -> list[Change]:
    """What differs from what is accepted: what was there at the first look, and what stood long enough.

    What is put back is no change any more. Raises NotYet at the first look.
    """
    accepted: dict[str, str] | None = memory.kept.get("accepted")
    if accepted is None:
        memory.kept["accepted"] = dict(now)
        raise NotYet("first look; the next one can tell what has changed")
    known: Mapping[str, list[str | None]] = memory.kept.get("noticed", {})
    found = [
        _change(name, accepted.get(name), now.get(name), known.get(name), memory.at)
        for name in sorted(accepted.keys() | now.keys())
        if accepted.get(name) != now.get(name)
    ]
    fresh = [change for change in found if memory.at - change.noticed < stands]
    old_news = {change.name for change in found} - {change.name for change in fresh}
    kept = {name: value for name, value in accepted.items() if name not in old_news}
    memory.kept["accepted"] = kept | {name: now[name] for name in old_news if name in now}
    memory.kept["noticed"] = {change.name: [change.after, change.noticed.isoformat()] for change in fresh}
    return fresh


def _change(
    name: str, before: str | None, after: str | None, known: list[str | None] | None, at: datetime
) -> Change:
    """The change with the time it was noticed, which begins anew when the value moves on."""
    noticed = datetime.fromisoformat(known[1]) if known and known[0] == after and known[1] else at
    return Change(name, before, after, noticed)
