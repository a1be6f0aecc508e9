"""A month's report over 100,000 tickets: SQL plus arithmetic, against fetching the same rows from the store.

A made-up year of 1,000 tickets is written as people's acts would write it, and then is there a hundred times.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from benchmarks.figures import Report, report
from benchmarks.measure import by_turns, timed
from lexops.calendars.business import seconds
from lexops.sla import months, rehearsal
from lexops.sla.rendering import Format
from lexops.sla.report import Month
from lexops.sla.writing import write
from lexops.store.database import Store
from tests.clock import ManualClock
from tests.sites import open_site

UNTIL = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
OCTOBER = Month(2026, 10)
TICKETS = 1_000
TIMES = 100
ROUNDS = 5
REPORT = f"a month of {TICKETS * TIMES:,} tickets, read and counted"
WRITE = "the same written as text"
SAME = "the same rows fetched"
EVERY = "every clock of the year fetched"

_LIGHT = (
    'incident, kind, round, state, priority, client, provider, queue, start, "end", due, budget, worked,'
    " policy, policy_revision, calendar, calendar_revision"
)
_MET = f'SELECT {_LIGHT} FROM sla_clock WHERE state = \'met\' AND "end" >= :start AND "end" < :end'
_BROKEN = (
    f"SELECT {_LIGHT}, pauses FROM sla_clock WHERE (state = 'missed' AND \"end\" >= :first"
    " OR state IN ('overdue', 'running')) AND due < :end"
)
_EVERY = f"SELECT {_LIGHT} FROM sla_clock"


def measure() -> Report:
    """The report, and what it costs only to fetch its rows."""
    with TemporaryDirectory() as name:
        site = open_site(Path(name), rehearsal.SITE_TABLES, clock=ManualClock(UNTIL))
        with site.store.begin() as connection:
            rehearsal.record_year(connection, site.file, UNTIL, TICKETS)
            for number in range(1, TIMES):
                _again(connection, number)
        with site.store.read() as connection:
            found = months.report(connection, site.file, OCTOBER, UNTIL)
            rows = _fetched(connection)
            clocks = connection.scalar(text("SELECT count(*) FROM sla_clock"))

        def read() -> None:
            with site.store.read() as connection:
                months.report(connection, site.file, OCTOBER, UNTIL)

        series = by_turns(
            {
                REPORT: lambda: timed(read),
                WRITE: lambda: timed(lambda: write(found, Format.TEXT)),
                SAME: lambda: timed(lambda: _read(site.store)),
                EVERY: lambda: timed(lambda: _read(site.store, _EVERY)),
            },
            ROUNDS,
        )
        site.store.close()
    counted = sum(each.count for each in found.attainments if each.group == "all")
    remarks = [
        f"{clocks:,} clocks; {counted:,} promises of October counted, {rows:,} rows looked at one by one",
        f"behind: {found.behind} tickets",
    ]
    pairs = [(REPORT, SAME), (REPORT, EVERY)]
    return report("reports", "a month's report (SQLite)", series, pairs, remarks)


def _again(connection: Connection, number: int) -> None:
    """The whole year once more, under numbers of its own."""
    shift = number * TICKETS
    entries = "(SELECT max(id) FROM incident_entry WHERE incident <= :tickets)"
    given = {"shift": shift, "number": number, "tickets": TICKETS}
    for table, changed in (
        ("incident", {"id": "id + :shift", "open_as": "open_as || '/' || :number"}),
        ("incident_entry", {"id": f"id + :number * {entries}", "incident": "incident + :shift"}),
        ("sla_ticket", {"incident": "incident + :shift", "entries": f"entries + :number * {entries}"}),
        ("sla_clock", {"incident": "incident + :shift"}),
    ):
        names = [row[1] for row in connection.execute(text(f"PRAGMA table_info({table})"))]
        into = ", ".join(f'"{name}"' for name in names)
        values = ", ".join(changed.get(name, f'"{name}"') for name in names)
        key = "id" if table == "incident" else "incident"
        needed = {name: value for name, value in given.items() if f":{name}" in values or name == "tickets"}
        copied = f"INSERT INTO {table} ({into}) SELECT {values} FROM {table} WHERE {key} <= :tickets"
        connection.execute(text(copied), needed)


def _fetched(connection: Connection) -> int:
    """How many rows the report looks at one by one."""
    zone = ZoneInfo("UTC")
    given = {
        "first": seconds(OCTOBER.plus(-11).start(zone)),
        "start": seconds(OCTOBER.start(zone)),
        "end": seconds(OCTOBER.end(zone)),
    }
    met = connection.execute(text(_MET), {name: given[name] for name in ("start", "end")}).all()
    broken = connection.execute(text(_BROKEN), {name: given[name] for name in ("first", "end")}).all()
    return len(met) + len(broken)


def _read(store: Store, query: str = "") -> int:
    with store.read() as connection:
        return len(connection.execute(text(query)).all()) if query else _fetched(connection)
