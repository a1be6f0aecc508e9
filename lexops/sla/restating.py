"""What differs between a month as it was closed and as it is known now, line by line. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from lexops.sla.definitions import lasted
from lexops.sla.rendering import Document, clock, day, label, share
from lexops.sla.report import ALL
from lexops.sla.view import Restatement
from lexops.text import one_line

NOTHING = "not told"
_UNIMPORTANT = ("cutoff",)
"""What may differ between two documents that say the same."""
_USUAL: Mapping[str, Any] = {"round": 1}
"""What months that were closed earlier do not say of each promise that was saved."""

Row = Mapping[str, Any]


def is_same(closed: Document, now: Document) -> bool:
    """Whether two documents say the same."""
    return {name: value for name, value in closed.items() if name not in _UNIMPORTANT} == {
        name: value for name, value in now.items() if name not in _UNIMPORTANT
    }


def counts(closed: Document, client: str = "", provider: str = "") -> str:
    """`251 kept, 9 broken`, of everybody or of one; empty for a client and a provider at once."""
    if client and provider:
        return ""
    theirs = _theirs(client, provider)
    rows = [
        row
        for row in closed.get("attainments", ())
        if theirs(row) and (client or provider or row["group"] == ALL)
    ]
    met, missed = (sum(row[name] for row in rows) for name in ("met", "missed"))
    return f"{met:,} kept, {missed:,} broken"


def restatements(
    closed: Document, now: Document, client: str = "", provider: str = ""
) -> tuple[Restatement, ...]:
    """The differences between two documents of everybody; of one client or provider only what is theirs."""
    return tuple(_restated(closed, now, client, provider))


def _restated(closed: Document, now: Document, client: str, provider: str) -> Iterator[Restatement]:
    mine = _theirs(client, provider)
    yield from _compared(closed, now, "attainments", ("group", "name", "clock"), mine, _attained, _attainment)
    told = partial(_breach, zone=ZoneInfo(now["zone"]))
    yield from _compared(closed, now, "breaches", ("incident", "clock", "round"), mine, _promise, told)
    if client or provider:
        return
    # Its own month is told by its attainments.
    yield from _compared(
        closed, now, "trend", ("month",), lambda row: bool(row["month"] != now["month"]), _month, _counted
    )
    yield from _compared(closed, now, "saved", ("incident", "clock", "round"), mine, _warned, _saved)
    for name, words in (("open", "promises that were open at the end"), ("cancelled", "cancelled tickets")):
        if closed.get(name) != now.get(name):
            yield Restatement(words, str(closed.get(name)), str(now.get(name)))
    before, after = closed.get("definitions", []), now.get("definitions", [])
    yield from (Restatement("definition", line, NOTHING) for line in before if line not in after)
    yield from (Restatement("definition", NOTHING, line) for line in after if line not in before)


def _theirs(client: str, provider: str) -> Callable[[Row], bool]:
    def mine(row: Row) -> bool:
        if not (client or provider):
            return True
        if "group" in row:
            # Both at once are no group of the report; the breaches tell what there is to tell.
            wanted = ("client", client.lower()) if client else ("provider", provider)
            told = (row["group"], row["name"].lower() if client else row["name"])
            return not (client and provider) and told == wanted
        return (not client or row["client"].lower() == client.lower()) and (
            not provider or row["provider"] == provider
        )

    return mine


def _compared(
    closed: Document,
    now: Document,
    section: str,
    key: tuple[str, ...],
    mine: Callable[[Row], bool],
    what: Callable[[Row], str],
    told: Callable[[Row], str],
) -> Iterator[Restatement]:
    before, after = _by(closed.get(section, ()), key, mine), _by(now.get(section, ()), key, mine)
    # In the order of the report: as it was closed, then what is new.
    for place in [*before, *(place for place in after if place not in before)]:
        old, new = before.get(place), after.get(place)
        words = (told(old) if old else NOTHING, told(new) if new else NOTHING)
        if words[0] != words[1]:
            yield Restatement(what(old or new or {}), *words)


def _by(rows: Iterable[Row], key: tuple[str, ...], mine: Callable[[Row], bool]) -> dict[tuple[Any, ...], Row]:
    return {tuple(row.get(name, _USUAL.get(name)) for name in key): row for row in rows if mine(row)}


def _month(row: Row) -> str:
    return f"trend, {row['month']}"


def _counted(row: Row) -> str:
    met, missed = row["met"], row["missed"]
    return f"{share(met, missed)} kept: {met:,} of {met + missed:,}"


def _attained(row: Row) -> str:
    return f"{row['clock']}, {label(row['group'], row['name'])}"


def _attainment(row: Row) -> str:
    times = ", ".join(
        f"{name} {lasted(row[field])}"
        for name, field in (("median", "median"), ("90 %", "p90"), ("worst", "worst"))
        if row[field] is not None
    )
    return f"{_counted(row)}{f'; {times}' if times else ''}"


def _promise(row: Row) -> str:
    return f"#{row['incident']} {clock(row['clock'], row.get('round', _USUAL['round']))}"


def _breach(row: Row, zone: ZoneInfo) -> str:
    due = f", due {day(datetime.fromisoformat(row['due']), zone)}" if row["due"] else ""
    still = ", open at the end" if row["open"] else ""
    why = f"; {row['responsibility']}: {one_line(row['reason'])}" if row["responsibility"] else ""
    return f"broken by {lasted(row['over'])}{due}, paused {lasted(row['paused'])}{still}{why}"


def _warned(row: Row) -> str:
    return f"{_promise(row)}, kept after a warning"


def _saved(row: Row) -> str:
    return f"{row['used']} % of the budget used"
