"""Incidents follow what becomes certain of checks, in the transaction that records the results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from lexops.checks import asked
from lexops.checks.model import Status
from lexops.checks.state import HardChange
from lexops.incidents import groups, joining, lasting, rows, store
from lexops.incidents.model import EntryKind, Incident, Opening, Origin
from lexops.incidents.policy import Policy, Step, is_worse, priority, severity, step

LEXOPS = store.LEXOPS


def follow(connection: Connection, changes: Iterable[HardChange], policy: Policy) -> None:
    """Open, change and resolve incidents as checks change."""
    for some in _apart(changes):
        last = rows.latest_of(connection, some)
        for print_, change in some.items():
            _follow(connection, change, last.get(print_), policy)


def _apart(changes: Iterable[HardChange]) -> Iterator[dict[str, HardChange]]:
    """Changes in their order, so many at once that none of them is about the same check as another."""
    some: dict[str, HardChange] = {}
    for change in changes:
        print_ = store.fingerprint(change.target, change.check)
        if print_ in some:
            yield some
            some = {}
        some[print_] = change
    yield some


def _follow(connection: Connection, change: HardChange, last: Incident | None, policy: Policy) -> None:
    """Follow one change; `last` is the newest incident of its check, whatever became of it."""
    known = rows.open_with(connection, store.fingerprint(change.target, change.check))
    if known is None and (other := _elsewhere(connection, last)) is not None:
        _tell(connection, other, change)
        return
    match step(change, known, policy), known:
        case Step.OPEN, _:
            _begin(connection, change, last, policy)
        case Step.SEVERITY, Incident():
            _change_severity(connection, known, change)
        case Step.AGAIN, Incident():
            rows.change(connection, known.id, change.at)
            _say(connection, known, change, lasting.AGAIN)
        case Step.RECOVER, Incident():
            rows.add_entry(connection, known.id, change.at, EntryKind.RECOVERED, LEXOPS, change.summary)
        case Step.RESOLVE, Incident():
            lasting.recover(connection, known, change.at, change.summary, policy)


def _begin(connection: Connection, change: HardChange, last: Incident | None, policy: Policy) -> None:
    provider = policy.providers.get(change.target, "")
    opening = Opening(
        store.fingerprint(change.target, change.check),
        _title(change),
        change.after,
        change.at,
        LEXOPS,
        change.summary,
        change.target,
        change.check,
        Origin.CHECK,
        facts={"provider": provider},
    )
    id = lasting.begin(connection, opening, last, policy)
    if asked.is_silenced(connection, change.target, change.check, change.at):
        rows.add_entry(connection, id, change.at, EntryKind.NOTE, LEXOPS, store.QUIETLY)
    groups.place(connection, id, change.at, policy)


def _title(change: HardChange) -> str:
    """What is wrong; a check that cannot see has found nothing wrong yet."""
    return f"Not seen: {change.title}" if change.after is Status.UNKNOWN else change.title


def _change_severity(connection: Connection, known: Incident, change: HardChange) -> None:
    """Worse than what somebody took, it is open to everybody again; the same or better stays theirs."""
    now = severity(change, known)
    title = _title(change) if now is change.after else known.title
    rows.change(connection, known.id, change.at, severity=now.value, title=title)
    came_back = change.before is not None and not change.before.is_problem
    _say(connection, known, change, lasting.AGAIN if came_back else {})
    if is_worse(now, known.severity):
        why = f"it is {now.value} now and was {known.severity.value}"
        store.worsened(connection, known.id, change.at, LEXOPS, why)
        _raise_priority(connection, known, change, now)


def _raise_priority(connection: Connection, known: Incident, change: HardChange, now: Status) -> None:
    """The priority goes up with the severity until somebody says what it is; it never goes down by itself."""
    wanted = priority(now)
    if wanted >= known.priority or rows.entries_of(connection, known.id, [EntryKind.CLASSIFIED]):
        return
    facts = {"priority": wanted.value}
    store.classify(connection, known.id, change.at, LEXOPS, facts, f"it is {now.value} now")


def _say(
    connection: Connection, known: Incident, change: HardChange, data: dict[str, str] | None = None
) -> None:
    told = f"{change.after.value}: {change.summary}"
    rows.add_entry(connection, known.id, change.at, EntryKind.SEVERITY, LEXOPS, told, data)


# A check whose own incident was a duplicate.


def _elsewhere(connection: Connection, last: Incident | None) -> Incident | None:
    """The open incident of which the check's own one turned out to be a duplicate."""
    found = joining.original(connection, last) if last is not None else None
    return found if found is not None and found.is_open else None


def _tell(connection: Connection, other: Incident, change: HardChange) -> None:
    """Write down there what the check says. It makes that one worse, but only its own check makes it well."""
    name = store.fingerprint(change.target, change.check)
    if not change.after.is_problem:
        rows.add_entry(connection, other.id, change.at, EntryKind.NOTE, LEXOPS, f"{name} is well again")
        return
    told = f"{name} {change.after.value}: {change.summary}"
    if change.after is Status.UNKNOWN or not is_worse(change.after, other.severity):
        rows.add_entry(connection, other.id, change.at, EntryKind.NOTE, LEXOPS, told)
        return
    rows.change(connection, other.id, change.at, severity=change.after.value)
    rows.add_entry(connection, other.id, change.at, EntryKind.SEVERITY, LEXOPS, told)
    why = f"it is {change.after.value} now and was {other.severity.value}"
    store.worsened(connection, other.id, change.at, LEXOPS, why)
