"""The incidents' tables."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    Row,
    String,
    Table,
    Text,
    insert,
    or_,
    select,
    update,
)

from lexops.checks import asked
from lexops.checks.model import Status
from lexops.checks.state import HardChange
from lexops.checks.view import Happened, Mark
from lexops.errors import NotFound, Refused
from lexops.incidents.model import Entry, EntryKind, Incident, State
from lexops.incidents.policy import Policy, Step, severity, step
from lexops.store import event
from lexops.store.database import Moment, metadata

LEXOPS = "lexops"
"""Author of what happens by itself."""
QUIETLY = "opened quietly: the check is silenced, so nobody was told"

incident_table = Table(
    "incident",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fingerprint", String(200), nullable=False),
    Column("open_as", String(200), unique=True),
    Column("title", Text, nullable=False),
    Column("severity", String(20), nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("target", String(40)),
    Column("check", String(120)),
    Column("opened", Moment, nullable=False),
    Column("changed", Moment, nullable=False),
    Column("owner", String(80)),
    Column("resolved", Moment),
    sqlite_autoincrement=True,
)
"""`open_as` is the fingerprint while the incident is open: the database sees to one of each."""

entry_table = Table(
    "incident_entry",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("incident", Integer, ForeignKey("incident.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("author", String(80), nullable=False),
    Column("text", Text, nullable=False),
)


def fingerprint(target: str, check: str) -> str:
    """What makes two results the same incident."""
    return f"{target}/{check}"


def follow(connection: Connection, changes: Iterable[HardChange], policy: Policy) -> None:
    """Open, change and resolve incidents as checks change, in the transaction that records the results."""
    for change in changes:
        _follow(connection, change, policy)


def _follow(connection: Connection, change: HardChange, policy: Policy) -> None:
    print_ = fingerprint(change.target, change.check)
    incident = _open_with(connection, print_)
    match step(change, incident, policy), incident:
        case Step.OPEN, _:
            number = _insert(
                connection,
                print_,
                _title(change),
                change.after,
                change.at,
                LEXOPS,
                change.summary,
                change.target,
                change.check,
            )
            if asked.is_silenced(connection, change.target, change.check, change.at):
                add_entry(connection, number, change.at, EntryKind.NOTE, LEXOPS, QUIETLY)
        case Step.SEVERITY, Incident() as known:
            told = f"{change.after.value}: {change.summary}"
            now = severity(change, known)
            title = _title(change) if now is change.after else known.title
            _change(connection, known.id, change.at, severity=now.value, title=title)
            add_entry(connection, known.id, change.at, EntryKind.SEVERITY, LEXOPS, told)
        case Step.RECOVER, Incident() as known:
            add_entry(connection, known.id, change.at, EntryKind.RECOVERED, LEXOPS, change.summary)
        case Step.RESOLVE, Incident() as known:
            add_entry(connection, known.id, change.at, EntryKind.RECOVERED, LEXOPS, change.summary)
            resolve(connection, known.id, change.at, LEXOPS, "resolved by recovery")


def _title(change: HardChange) -> str:
    """What is wrong; a check that cannot see has found nothing wrong yet."""
    return f"Not seen: {change.title}" if change.after is Status.UNKNOWN else change.title


def _open_with(connection: Connection, print_: str) -> Incident | None:
    columns = incident_table.c
    row = connection.execute(select(incident_table).where(columns.open_as == print_)).first()
    return _incident(row) if row else None


def _insert(
    connection: Connection,
    print_: str,
    title: str,
    level: Status,
    at: datetime,
    author: str,
    why: str,
    target: str | None,
    check: str | None,
) -> int:
    done = connection.execute(
        insert(incident_table).values(
            fingerprint=print_,
            open_as=print_,
            title=title,
            severity=level.value,
            state=State.OPEN.value,
            target=target,
            check=check,
            opened=at,
            changed=at,
        )
    )
    key = done.inserted_primary_key
    assert key is not None
    add_entry(connection, int(key[0]), at, EntryKind.OPENED, author, why)
    return int(key[0])


def open_by_hand(
    connection: Connection, key: str, title: str, level: Status, at: datetime, author: str, target: str | None
) -> int:
    """Open an incident that no check told of; answers its number."""
    return _insert(connection, f"by hand/{key}", title, level, at, author, title, target, None)


def alarm(connection: Connection, key: str, title: str, at: datetime) -> None:
    """Open a critical incident that everybody sees; once for each key while it is open."""
    if _open_with(connection, f"by hand/{key}") is None:
        open_by_hand(connection, key, title, Status.CRITICAL, at, LEXOPS, None)


def alarmed(connection: Connection, key: str) -> int | None:
    """The number of the open alarm of a key; None while there is none."""
    known = _open_with(connection, f"by hand/{key}")
    return known.id if known else None


def acknowledge(connection: Connection, id: int, at: datetime, operator: str) -> Incident:
    """Take an incident. Raises NotFound, or Refused when it is resolved."""
    known = _still_open(connection, id)
    _change(connection, id, at, state=State.ACKNOWLEDGED.value, owner=operator)
    before = f" (was {known.owner}'s)" if known.owner and known.owner != operator else ""
    add_entry(connection, id, at, EntryKind.ACKNOWLEDGED, operator, f"taken by {operator}{before}")
    return known


def note(connection: Connection, id: int, at: datetime, author: str, words: str) -> None:
    """Write into the timeline, of a resolved incident too. Raises NotFound."""
    get(connection, id)
    _change(connection, id, at)
    add_entry(connection, id, at, EntryKind.NOTE, author, words)


def resolve(connection: Connection, id: int, at: datetime, author: str, words: str) -> None:
    """End an incident. Raises NotFound, or Refused when it is resolved already."""
    _still_open(connection, id)
    _change(connection, id, at, state=State.RESOLVED.value, resolved=at, open_as=None)
    add_entry(connection, id, at, EntryKind.RESOLVED, author, words)


def add_entry(
    connection: Connection, id: int, at: datetime, kind: EntryKind, author: str, words: str
) -> None:
    """One more line of the timeline, and an event for live screens."""
    connection.execute(
        insert(entry_table).values(incident=id, at=at, kind=kind.value, author=author, text=words)
    )
    event.append(connection, at, f"incident.{kind.value}", f"#{id}", {"text": words})


def _change(connection: Connection, id: int, at: datetime, **values: Any) -> None:
    connection.execute(update(incident_table).where(incident_table.c.id == id).values(changed=at, **values))


def _still_open(connection: Connection, id: int) -> Incident:
    known = get(connection, id)
    if not known.is_open:
        raise Refused(f"incident #{id} is resolved", hint="open a new one with: lexops incident open")
    return known


def get(connection: Connection, id: int) -> Incident:
    """The incident with this number. Raises NotFound."""
    row = connection.execute(select(incident_table).where(incident_table.c.id == id)).first()
    if row is None:
        raise NotFound(f"there is no incident #{id}", hint="see: lexops incident list --all")
    return _incident(row)


def timeline(connection: Connection, id: int) -> tuple[Entry, ...]:
    """What happened, oldest first."""
    columns = entry_table.c
    rows = connection.execute(
        select(entry_table).where(columns.incident == id).order_by(columns.at, columns.id)
    )
    return tuple(Entry(row.at, EntryKind(row.kind), row.author, row.text) for row in rows)


def incidents(connection: Connection, include_resolved: bool = False) -> tuple[Incident, ...]:
    """The worst open ones first, then the newest."""
    columns = incident_table.c
    query = select(incident_table)
    if not include_resolved:
        query = query.where(columns.resolved.is_(None))
    found = [_incident(row) for row in connection.execute(query)]
    return tuple(sorted(found, key=lambda i: (not i.is_open, -i.severity.rank, -i.opened.timestamp(), i.id)))


def similar(
    connection: Connection, target: str, check: str, title: str, but: int | None = None, limit: int = 5
) -> list[tuple[Incident, Entry | None]]:
    """Other incidents about the check on any target, or called the same on this one, newest first; with how
    each ended, None while it is open.
    """
    columns = incident_table.c
    alike = (columns.check == check) | ((columns.target == target) & (columns.title == title))
    query = select(incident_table).where(alike, columns.id != (but or 0))
    found = [_incident(row) for row in connection.execute(query.order_by(columns.id.desc()).limit(limit))]
    return [(each, _ending(connection, each)) for each in found]


def _ending(connection: Connection, incident: Incident) -> Entry | None:
    """What was said when it was resolved."""
    if incident.is_open:
        return None
    ended = [entry for entry in timeline(connection, incident.id) if entry.kind is EntryKind.RESOLVED]
    return ended[-1] if ended else None


def marks(connection: Connection, target: str, since: datetime) -> list[Mark]:
    """When incidents of a target were opened and resolved."""
    columns = incident_table.c
    recent = or_(columns.opened >= since, columns.resolved >= since)
    rows = connection.execute(select(incident_table).where(columns.target == target, recent)).all()
    opened = [Mark(r.opened, Happened.OPENED, f"#{r.id} {r.title}") for r in rows if r.opened >= since]
    return opened + [Mark(r.resolved, Happened.RESOLVED, f"#{r.id} {r.title}") for r in rows if r.resolved]


def open_by_check(connection: Connection) -> dict[tuple[str, str], int]:
    """Numbers of the open incidents by the target and check they follow."""
    columns = incident_table.c
    rows = connection.execute(
        select(columns.id, columns.target, columns.check).where(
            columns.resolved.is_(None), columns.check.is_not(None)
        )
    )
    return {(row.target, row.check): row.id for row in rows}


def _incident(row: Row[Any]) -> Incident:
    return Incident(
        row.id,
        row.fingerprint,
        row.title,
        Status(row.severity),
        State(row.state),
        row.target,
        row.check,
        row.opened,
        row.changed,
        row.owner,
        row.resolved,
    )
