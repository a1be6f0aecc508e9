"""What people ask of checks: to be run now, to be known as failing, to be left alone for a while."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, true, update

from lexops.checks.model import Status
from lexops.checks.tables import check_table, downtime_table, of, wish_table
from lexops.checks.view import QuietSpan


def wish(connection: Connection, key: str, pairs: Iterable[tuple[str, str]], at: datetime) -> int:
    """Ask the worker to run checks now; answers how many."""
    rows = [{"key": key, "target": target, "check": check, "asked": at} for target, check in pairs]
    if rows:
        connection.execute(insert(wish_table), rows)
    return len(rows)


def open_wishes(connection: Connection) -> list[tuple[str, str, datetime]]:
    """The checks that wait to be run on request, with the moment they were asked for."""
    columns = wish_table.c
    query = select(columns.target, columns.check, columns.asked).where(columns.answered.is_(None))
    return [(row.target, row.check, row.asked) for row in connection.execute(query)]


def answer_wishes(connection: Connection, target: str, check: str, started: datetime) -> None:
    """Mark the requests that a result started at `started` answers."""
    columns = wish_table.c
    connection.execute(
        update(wish_table)
        .where(of(wish_table, target, check), columns.answered.is_(None), columns.asked <= started)
        .values(answered=started)
    )


def drop_orphan_wishes(connection: Connection, at: datetime) -> None:
    """Answer requests for checks that are not assigned, so that nobody waits for them."""
    columns = wish_table.c
    assigned = select(check_table.c.check).where(
        check_table.c.target == columns.target, check_table.c.check == columns.check
    )
    connection.execute(
        update(wish_table).where(columns.answered.is_(None), ~assigned.exists()).values(answered=at)
    )


def waiting(connection: Connection, key: str) -> int:
    """How many checks of a request still wait."""
    columns = wish_table.c
    query = select(columns.id).where(columns.key == key, columns.answered.is_(None))
    return len(connection.execute(query).all())


def acknowledge(
    connection: Connection, target: str, check: str, operator: str, reason: str, at: datetime
) -> bool:
    """Say that somebody knows of a problem; False when there is no problem to know of."""
    columns = check_table.c
    problems = [status.value for status in Status if status.is_problem]
    done = connection.execute(
        update(check_table)
        .where(of(check_table, target, check), columns.status.in_(problems))
        .values(
            acknowledged_by=operator,
            acknowledged_why=reason,
            acknowledged_at=at,
            acknowledged_status=columns.status,
        )
    )
    return done.rowcount > 0


def forget(connection: Connection, target: str, check: str) -> None:
    """Nobody knows of a problem any more: whoever did has given it back."""
    connection.execute(
        update(check_table)
        .where(of(check_table, target, check))
        .values(acknowledged_by=None, acknowledged_why=None, acknowledged_at=None, acknowledged_status=None)
    )


def acknowledge_all(
    connection: Connection, pairs: Iterable[tuple[str, str]], operator: str, reason: str, at: datetime
) -> int:
    """Say of all failing checks among `pairs` that somebody knows; answers of how many nobody knew before."""
    columns = check_table.c
    free = select(columns.target, columns.check).where(columns.acknowledged_at.is_(None))
    unknown = {(row.target, row.check) for row in connection.execute(free)}
    wanted = [pair for pair in pairs if pair in unknown]
    return sum(acknowledge(connection, *pair, operator, reason, at) for pair in wanted)


def add_downtime(
    connection: Connection,
    target: str,
    check: str | None,
    span: timedelta,
    operator: str,
    reason: str,
    at: datetime,
    *,
    silence: bool = False,
) -> None:
    """Announce that a target (or one of its checks) may fail for a while; or, for a silence, that nobody is
    told if it does.
    """
    connection.execute(
        insert(downtime_table).values(
            target=target,
            check=check,
            starts=at,
            ends=at + span,
            reason=reason,
            operator=operator,
            silence=silence,
        )
    )


def end_downtimes(
    connection: Connection, target: str, at: datetime, *, check: str | None = None, silence: bool = False
) -> int:
    """End the target's downtimes (or silences) now, with `check` only its own; answers how many."""
    columns = downtime_table.c
    ending = update(downtime_table).where(
        columns.target == target,
        columns.ends > at,
        columns.silence.is_(silence),
        columns.check == check if check else true(),
    )
    return connection.execute(ending.values(ends=at)).rowcount


def in_downtime(connection: Connection, at: datetime) -> set[tuple[str, str | None]]:
    """Targets, or checks of targets, whose failing is announced at `at`."""
    return _quiet(connection, at, silence=False)


def silenced(connection: Connection, at: datetime) -> set[tuple[str, str | None]]:
    """Targets, or checks of targets, of whose failing nobody is told at `at`."""
    return _quiet(connection, at, silence=True)


def is_silenced(connection: Connection, target: str, check: str, at: datetime) -> bool:
    """Whether nobody is told when this check fails at `at`."""
    return not {(target, None), (target, check)}.isdisjoint(silenced(connection, at))


def _quiet(connection: Connection, at: datetime, *, silence: bool) -> set[tuple[str, str | None]]:
    columns = downtime_table.c
    rows = connection.execute(
        select(columns.target, columns.check)
        .where(columns.starts <= at, columns.ends > at, columns.silence.is_(silence))
        .distinct()
    )
    return {(row.target, row.check) for row in rows}


def quiet_spans(connection: Connection, at: datetime) -> tuple[QuietSpan, ...]:
    """Downtimes and silences that are going on or still come, the next to end first."""
    columns = downtime_table.c
    rows = connection.execute(
        select(downtime_table).where(columns.ends > at).order_by(columns.ends, columns.id)
    )
    return tuple(
        QuietSpan(
            "silence" if row.silence else "downtime",
            row.target,
            row.check or "",
            row.starts,
            row.ends,
            row.reason,
            row.operator,
        )
        for row in rows
    )


def downtimes_ended(connection: Connection, after: datetime, until: datetime) -> set[str]:
    """Targets whose downtime ended in the span: they are looked at again at once."""
    columns = downtime_table.c
    rows = connection.execute(
        select(columns.target)
        .where(columns.ends > after, columns.ends <= until, columns.silence.is_(False))
        .distinct()
    )
    return {row.target for row in rows}
