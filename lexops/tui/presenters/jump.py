"""Where `:` can lead: modes, targets, checks and incidents by name or number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lexops.tui.ink import Ink, Tone
from lexops.tui.places import (
    ActivityPlace,
    AttainmentPlace,
    CheckPlace,
    IncidentPlace,
    ModePlace,
    MonthPlace,
    ObjectivesPlace,
    OnCallPlace,
    OutboxPlace,
    Place,
    RequestPlace,
    RequestsPlace,
    TargetPlace,
    TreePlace,
    WorkPlace,
)
from lexops.tui.presenters.columns import Column
from lexops.tui.presenters.search import best
from lexops.tui.presenters.status import symbol
from lexops.tui.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Destination:
    """One thing to jump to."""

    name: str
    kind: str
    place: Place
    sign: Ink
    remark: str = ""


def destinations(snapshot: Snapshot | None, modes: Sequence[tuple[str, str]]) -> list[Destination]:
    """Everything that has a name, modes first."""
    quiet = Ink(" ", Tone.QUIET)
    found = [Destination(title, "mode", ModePlace(name), quiet) for name, title in modes]
    found.append(Destination("Requests", "list", RequestsPlace(), quiet, "approvals, decisions, reviews"))
    found.append(Destination("Tree", "list", TreePlace(), quiet, "what runs where; downtimes, silences"))
    found.append(Destination("SLA month", "list", MonthPlace(), quiet, "what was kept, by client and day"))
    found.append(Destination("SLA trend", "list", AttainmentPlace(), quiet, "the last twelve months"))
    found.append(Destination("SLA budgets", "list", ObjectivesPlace(), quiet, "what services may still fail"))
    found.append(Destination("On call", "list", OnCallPlace(), quiet, "who now, who next, gaps"))
    found.append(Destination("My work", "list", WorkPlace(), quiet, "what you have to do"))
    found.append(Destination("Outbox", "list", OutboxPlace(), quiet, "what is sent, what failed"))
    if snapshot is None:
        return found
    found += [
        Destination(row.name, "target", TargetPlace(row.name), symbol(row.status))
        for row in snapshot.fleet.targets
    ]
    found += [
        Destination(f"{row.name} activity", "live", ActivityPlace(row.name), quiet, "who blocks whom")
        for row in snapshot.fleet.targets
        if row.kind.is_database
    ]
    found += [
        Destination(f"#{each.id}", "incident", IncidentPlace(each.id), symbol(each.severity), each.title)
        for each in snapshot.incidents
    ]
    found += [
        Destination(f"request {each.id}", "request", RequestPlace(each.id), quiet, each.title)
        for each in snapshot.requests
    ]
    found += [
        Destination(
            f"{row.target} {row.check}",
            "check",
            CheckPlace(row.target, row.check),
            symbol(row.status),
            row.summary,
        )
        for row in snapshot.fleet.checks
    ]
    return found


def answers(query: str, known: Sequence[Destination], most: int = 50) -> list[Destination]:
    """The destinations that fit what was typed, the best first; a bare number is an incident."""
    wanted = query.strip()
    found = best(wanted, known, lambda each: f"{each.name} {each.remark}".strip(), most)
    number = wanted.removeprefix("#")
    exact = [each for each in known if wanted and each.name.casefold() in (wanted.casefold(), f"#{number}")]
    if number.isascii() and number.isdigit() and len(number) < 12 and not exact:
        place = IncidentPlace(int(number))
        exact = [Destination(f"#{int(number)}", "incident", place, Ink(" "), "open or resolved")]
    return [*exact, *(each for each in found if each not in exact)]


def columns() -> tuple[Column[Destination], ...]:
    """Kind, sign, name, remark."""
    return (
        Column("kind", lambda each: (Ink(each.kind, Tone.QUIET),), 8),
        Column("", lambda each: (each.sign,), 1),
        Column("name", lambda each: (Ink(each.name),), 24, grow=1),
        Column("says", lambda each: (Ink(each.remark, Tone.QUIET),), 20, grow=1, priority=1),
    )
