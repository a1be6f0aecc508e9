"""Months that are closed: what was said then stands, and what is known since is told beside it.

The document of a closing is kept with its SHA-256, and the same digest stands in the answer of the act, to
which the sealed record has committed itself. A document that was changed afterwards betrays itself twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any

from sqlalchemy import Connection, Row, func, insert, select

from lexops.audit import store as record
from lexops.clock import show_moment
from lexops.config import SiteFile
from lexops.errors import InvalidRequest, Refused
from lexops.gate.store import request_table
from lexops.incidents.operations import CODE
from lexops.operations import Act, Effect, Operation, Privacy, Role, operation
from lexops.privacy.keyring import Keyring
from lexops.privacy.store import commitment, reveal_all, sealed_table
from lexops.sla import delivery, keeping, months
from lexops.sla.learned import Asked, learned
from lexops.sla.rendering import Document, Format, canonical, document, totals
from lexops.sla.report import Month
from lexops.sla.restating import counts, is_same, restatements
from lexops.sla.tables import report_table
from lexops.sla.view import TAMPERED, Closing, Report
from lexops.sla.writing import write
from lexops.store import event
from lexops.text import plural

CLOSE = "sla.close"
ROUNDS = 3
"""How often an act brings the clocks up to date: no transaction is long."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A month as it was closed."""

    month: str
    number: int
    at: datetime
    operator: str
    digest: str
    content: Document
    request: str
    """Key of the request by which it was closed."""


def report(
    connection: Connection,
    file: SiteFile,
    month: Month,
    now: datetime,
    client: str = "",
    provider: str = "",
    keyring: Keyring | None = None,
) -> Report:
    """The report of a month beside what was closed of it; with the keyring it is compared with the record.

    Raises StoreError.
    """
    found = months.report(connection, file, month, now, client, provider)
    earlier, missing = closings(connection, month), _missing(connection, month)
    if not earlier:
        return replace(found, tampered=missing)
    closed = earlier.pop()
    every = months.report(connection, file, month, now) if client or provider else found
    different = restatements(closed.content, document(every), client, provider)
    if different:
        different += tuple(learned(connection, Asked(month, file.zone, closed.at, client, provider)))
    return replace(
        found,
        closed=closed.at,
        number=closed.number,
        digest=closed.digest,
        earlier=tuple(
            Closing(
                each.number,
                each.at,
                each.digest,
                wrong_with(connection, each, keyring) or counts(each.content, client, provider),
            )
            for each in earlier
        ),
        restatements=different,
        tampered=missing or wrong_with(connection, closed, keyring),
    )


def newest(connection: Connection, month: Month) -> Closed | None:
    """What was closed last of a month; None while it is not closed."""
    found = closings(connection, month)
    return found[-1] if found else None


def closings(connection: Connection, month: Month) -> list[Closed]:
    """What was closed of a month, the last one last."""
    columns = report_table.c
    query = select(report_table).where(columns.month == str(month)).order_by(columns.number)
    return [_closed(row) for row in connection.execute(query)]


def _closed(row: Row[Any]) -> Closed:
    kept = row.document if isinstance(row.document, dict) else {}
    content = kept.get("report")
    return Closed(
        row.month,
        row.number,
        row.closed,
        row.operator,
        row.digest,
        content if isinstance(content, dict) else {},
        str(kept.get("request", "")),
    )


def digest_of(content: Document) -> str:
    """SHA-256 of a document's one written form, as hex."""
    return sha256(canonical(content).encode()).hexdigest()


def wrong_with(connection: Connection, closed: Closed, keyring: Keyring | None = None) -> str:
    """Why a closed document is not to be trusted; empty when nothing speaks against it."""
    found = digest_of(closed.content)
    if found != closed.digest:
        return f"{TAMPERED}: the closed document was changed; its SHA-256 is {found}, not {closed.digest}"
    entry = record.entry_by_key(connection, f"{closed.request}:done")
    if entry is None or entry.data.get("operation") != CLOSE:
        return f"{TAMPERED}: the record knows nothing of this closing"
    if keyring is None:
        return ""
    owners = select(sealed_table.c.owner).where(sealed_table.c.owner == entry.key)
    answer = reveal_all(connection, keyring, owners).get(entry.key, {}).get("answer")
    if answer is None or answer.value is None or answer.salt is None:
        return "NOT PROVEN: the record's answer to this closing cannot be read, so its digest is not known"
    committed = entry.personal.get("answer")
    if committed is None or commitment(answer.salt, answer.value) != committed.commitment:
        return f"{TAMPERED}: the answer to this closing is not the one that is on the record"
    if closed.digest not in answer.value or closed.month not in answer.value:
        return f"{TAMPERED}: what is kept as closed is not what is on the record as closed"
    return ""


def _missing(connection: Connection, month: Month) -> str:
    """Whether something that was closed is gone."""
    columns, kept = request_table.c, report_table.c
    acts = select(columns.arguments).where(columns.operation == CLOSE, columns.state == "done")
    asked = sum(arguments.get("month") == str(month) for arguments in connection.scalars(acts))
    there = connection.scalar(select(func.count()).where(kept.month == str(month))) or 0
    gone = asked - there
    return f"{TAMPERED}: {plural(gone, 'closed document')} of this month {_is(gone)} gone" if gone > 0 else ""


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


@operation(CLOSE, role=Role.MANAGER, effect=Effect.CHANGE, critical=True)
def close(act: Act, *, month: Annotated[str, "the month: 2026-10"]) -> str:
    """Close a month.

    Its report is kept with its digest, which is sealed in the record; what is learned later is shown as a
    restatement. Closing again adds a number.
    """
    wanted = _month(month)
    zone, connection = act.file.zone, act.connection
    if wanted.end(zone) > act.at:
        raise Refused(
            f"{wanted.words} is not over", hint=f"close it from {show_moment(wanted.end(zone), zone)} on"
        )
    _catch_up(act)
    found = months.report(connection, act.file, wanted, act.at)
    if found.behind:
        raise Refused(
            f"{plural(found.behind, 'ticket')} {_is(found.behind)} not counted yet",
            hint="a worker catches up; try again in a minute: lexops status",
        )
    content, last = document(found), newest(connection, wanted)
    wrong = wrong_with(connection, last, act.keyring) if last else ""
    if last is not None and not wrong and is_same(last.content, content):
        raise Refused(f"{wanted} is closed with the same content already", hint=f"as number {last.number}")
    number, digest = (last.number if last else 0) + 1, digest_of(content)
    connection.execute(
        insert(report_table).values(
            month=str(wanted),
            number=number,
            closed=act.at,
            operator=act.operator,
            digest=digest,
            document={"request": act.request.key, "report": content},
        )
    )
    event.append(connection, act.at, "sla.closed", str(wanted), {"number": number, "sha256": digest})
    met, missed = totals(found)
    before = f"; the one before: {wrong}" if wrong else ""
    return f"{wanted} closed, number {number}: {met:,} kept, {missed:,} broken; SHA-256 {digest}{before}"


@operation("sla.deliver", role=Role.MANAGER, effect=Effect.CHANGE)
def deliver(
    act: Act,
    *,
    month: Annotated[str | None, "the month: 2026-10; else the last one"] = None,
    format: Annotated[Format, "how it is written"] = Format.HTML,
    client: Annotated[str | None, "only this client, by its code", Privacy.PERSONAL] = None,
    provider: Annotated[str | None, "only this provider"] = None,
) -> str:
    """Write a month's report to a file.

    Into the folder that [sla] reports names, readable by LexOps' account only; made for schedules.
    """
    wanted = _month(month) if month else months.last_month(act.file, act.at)
    check_filters(act.file, client, provider)
    _catch_up(act)
    found = report(
        act.connection, act.file, wanted, act.at, client or "", provider or "", keyring=act.keyring
    )
    folder = act.file.resolve(act.file.settings.sla.reports)
    name = delivery.file_name(wanted, format, client or "", provider or "")
    place = delivery.deliver(folder, name, write(found, format))
    _, missed = totals(found)
    behind = f"; {plural(found.behind, 'ticket')} not counted yet" if found.behind else ""
    return f"{wanted} written to {place}: {plural(missed, 'broken promise')}{behind}"


def check_filters(file: SiteFile, client: str | None, provider: str | None) -> None:
    """Whether a report can be asked for so. Raises InvalidRequest."""
    if client is not None and not re.fullmatch(CODE, client):
        raise InvalidRequest(f"client: {client!r} is no code", hint="letters, digits, . _ -, at most 40")
    known = file.settings.providers
    if provider is not None and provider not in known:
        there = ", ".join(known) or "none; declare one: [providers.NAME] in lexops.toml"
        raise InvalidRequest(f"provider: there is no provider {provider!r}", hint=f"there are: {there}")


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError as error:
        raise InvalidRequest(f"month: {error}") from None


def _catch_up(act: Act) -> None:
    """Bring the kept clocks up to date, as far as it goes in one transaction."""
    for _ in range(ROUNDS):
        if not keeping.refresh(act.connection, act.file, act.at):
            return


OPERATIONS: tuple[Operation, ...] = (close, deliver)
