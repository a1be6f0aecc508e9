"""Reading a month from the store: the same numbers as counting every clock of every ticket by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert, select

from lexops.calendars.business import moment, seconds
from lexops.config import SiteFile
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind, State
from lexops.sla import months, reading, store
from lexops.sla.clock import deadline
from lexops.sla.model import Clock, ClockKind, ClockState
from lexops.sla.rendering import Format, totals
from lexops.sla.report import Month
from lexops.sla.tables import clock_table
from lexops.sla.view import Report, Responsibility
from lexops.sla.writing import write
from lexops.store.database import Store
from tests.sla.year import UNTIL, promise, refresh, site_file, ticket, year
from tests.stores import sqlite_store

OCTOBER = Month(2026, 10)
MINUTES = timedelta(minutes=1)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, SiteFile]]:
    """A year of few tickets; only read."""
    folder = tmp_path_factory.mktemp("year")
    database = sqlite_store(folder)
    yield database, year(database, folder)
    database.close()


def by_hand(connection: Connection, file: SiteFile, month: Month) -> Counter[tuple[str, str]]:
    """Met and missed of each clock: every ticket's timeline, one by one."""
    start, end = (seconds(each) for each in (month.start(file.zone), month.end(file.zone)))
    book, found = store.book(connection), Counter[tuple[str, str]]()
    known = incidents.incidents(connection, include_resolved=True)
    for each in reading.tickets(connection, file, known, book, UNTIL):
        if each.incident.state is State.CANCELLED:
            continue
        for clock in each.clocks:
            if clock.state is ClockState.MET:
                if start <= clock.end < end:
                    found[str(clock.kind), "met"] += 1
            elif start <= _broken(clock, book) < end:
                found[str(clock.kind), "missed"] += 1
    return found


def _broken(clock: Clock, book: store.Book) -> int:
    if not clock.is_breached:
        return -1
    time, _ = book.time(clock.calendar, moment(clock.end) if clock.state.is_over else None)
    at = deadline(time, clock.start, clock.budget + 1, clock.pauses)
    assert at is not None
    return at


def test_every_month_has_the_numbers_of_counting_by_hand(recorded: tuple[Store, SiteFile]) -> None:
    database, file = recorded
    counted = 0
    with database.read() as connection:
        for back in range(13):
            month = Month(2026, 11).plus(-back)
            found = months.report(connection, file, month, UNTIL)
            whole = [each for each in found.attainments if each.group == "all"]
            told = Counter({(str(e.kind), "met"): e.met for e in whole})
            told += Counter({(str(e.kind), "missed"): e.missed for e in whole})
            assert +told == by_hand(connection, file, month), month
            counted += sum(totals(found))
    assert counted > 300


def test_the_month_so_far_is_counted_as_its_report_counts_it(recorded: tuple[Store, SiteFile]) -> None:
    database, file = recorded
    for month in (OCTOBER, OCTOBER.plus(1)):
        now = min(month.end(file.zone) - timedelta(seconds=1), UNTIL)
        with database.read() as connection:
            found = months.so_far(connection, file, now)
            whole = months.report(connection, file, month, now)
        assert found is not None and (found.met, found.missed) == totals(whole) and found.met


def test_a_month_tells_the_one_before_and_ends_its_trend_with_itself(
    recorded: tuple[Store, SiteFile],
) -> None:
    database, file = recorded
    with database.read() as connection:
        now = months.report(connection, file, OCTOBER, UNTIL)
        before = months.report(connection, file, OCTOBER.plus(-1), UNTIL)
    shares = {(each.group, each.name, each.kind): each.percent for each in before.attainments if each.count}
    for each in now.attainments:
        assert each.before == shares.get((each.group, each.name, each.kind))
    assert len(now.trend) == 12
    assert now.trend[-1] == ("2026-10", *totals(now)) and now.trend[-2] == ("2026-09", *totals(before))


def test_filters_leave_what_they_name(recorded: tuple[Store, SiteFile]) -> None:
    database, file = recorded
    with database.read() as connection:
        everybody = months.report(connection, file, OCTOBER, UNTIL)
        one = months.report(connection, file, OCTOBER, UNTIL, client="HALDEN")
        vendor = months.report(connection, file, OCTOBER, UNTIL, provider="nordhost")
        nobody = months.report(connection, file, OCTOBER, UNTIL, client="NOBODY")
        small = months.report(connection, file, OCTOBER, UNTIL, client="halden")
    assert small == replace(one, client="halden"), "policies do not mind the spelling either"
    whole = {each.kind: (each.met, each.missed) for each in one.attainments if each.group == "all"}
    part = {
        e.kind: (e.met, e.missed) for e in everybody.attainments if (e.group, e.name) == ("client", "HALDEN")
    }
    assert whole == part and sum(map(sum, whole.values())) > 0
    assert {each.client for each in one.days} == {"HALDEN"}
    assert {each.name for each in vendor.attainments if each.group == "provider"} == {"nordhost"}
    assert (totals(nobody), nobody.breaches, nobody.still_open) == ((0, 0), (), 0)


def test_the_same_rows_in_another_order_are_the_same_bytes(tmp_path: Path) -> None:
    database = sqlite_store(tmp_path)
    file = year(database, tmp_path, tickets=60)
    month = Month(2026, 7)
    with database.read() as connection:
        first = [write(months.report(connection, file, month, UNTIL), form) for form in Format]
        rows = [row._asdict() for row in connection.execute(select(clock_table))]
    with database.begin() as connection:
        connection.execute(delete(clock_table))
        connection.execute(insert(clock_table), rows[::-1])
    with database.read() as connection:
        assert [write(months.report(connection, file, month, UNTIL), form) for form in Format] == first
    database.close()


class Desk:
    """A store with simple promises, in which tickets are made by hand."""

    def __init__(self, database: Store, folder: Path) -> None:
        self.database, self.file = database, site_file(folder, "UTC")
        with database.begin() as connection:
            promise(connection)

    def report(self, now: datetime, month: Month = OCTOBER, keep: bool = True) -> Report:
        with self.database.begin() as connection:
            if keep:
                refresh(connection, self.file, now)
            return months.report(connection, self.file, month, now)


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


def whole(report: Report, kind: ClockKind) -> tuple[int, int]:
    found = [each for each in report.attainments if (each.group, each.kind) == ("all", kind)]
    return (found[0].met, found[0].missed) if found else (0, 0)


def day(number: int, hour: int = 9, month: int = 10) -> datetime:
    return datetime(2026, month, number, hour, tzinfo=UTC)


def test_open_and_overdue_is_missed_now_and_not_yet_due_is_open(desk: Desk) -> None:
    with desk.database.begin() as connection:
        ticket(connection, day(29), taken=30 * MINUTES)
        late = ticket(connection, day(28), title="Late")
    found = desk.report(day(29, 10))
    assert whole(found, ClockKind.RESPONSE) == (1, 1)
    assert (whole(found, ClockKind.RESOLUTION), found.still_open) == ((0, 1), 1)
    # The resolution was due at closing time the day before, and is broken since this morning.
    assert [(each.incident, each.kind, each.over, each.is_open, each.title) for each in found.breaches] == [
        (late, ClockKind.RESPONSE, 8 * 3600, True, "Late"),
        (late, ClockKind.RESOLUTION, 3600, True, "Late"),
    ]


def test_what_ran_out_since_it_was_kept_is_missed_all_the_same(desk: Desk) -> None:
    with desk.database.begin() as connection:
        ticket(connection, day(29))
    assert whole(desk.report(day(29, 9)), ClockKind.RESPONSE) == (0, 0)
    stale = desk.report(day(2, 10, month=11), keep=False)
    assert whole(stale, ClockKind.RESPONSE) == (0, 1)
    assert stale.breaches[0].over == 15 * 3600


def test_a_month_stays_as_it_ended_when_a_late_ticket_is_fulfilled_in_the_next(desk: Desk) -> None:
    with desk.database.begin() as connection:
        number = ticket(connection, day(28), taken=30 * MINUTES)
    before = desk.report(day(2, 9, month=11))
    assert whole(before, ClockKind.RESOLUTION) == (0, 1)
    with desk.database.begin() as connection:
        incidents.resolve(connection, number, day(5, 12, month=11), "ana", "at last")
    after = desk.report(day(6, 9, month=11))
    assert (after.attainments, after.breaches) == (before.attainments, before.breaches)
    november = desk.report(day(6, 9, month=11), Month(2026, 11))
    assert whole(november, ClockKind.RESOLUTION) == (0, 0)


def test_due_at_closing_time_of_the_last_day_it_is_broken_in_the_next_month(desk: Desk) -> None:
    with desk.database.begin() as connection:
        # Friday the 30th is the last working day: eight hours end at 17:00.
        ticket(connection, day(30), taken=30 * MINUTES)
    assert whole(desk.report(day(1, 12, month=11)), ClockKind.RESOLUTION) == (0, 0)
    assert desk.report(day(1, 12, month=11)).still_open == 1
    late = day(2, 10, month=11)
    assert whole(desk.report(late), ClockKind.RESOLUTION) == (0, 0)
    assert whole(desk.report(late, Month(2026, 11)), ClockKind.RESOLUTION) == (0, 1)


def test_cancelled_tickets_count_nowhere_and_are_told_as_a_number(desk: Desk) -> None:
    with desk.database.begin() as connection:
        number = ticket(connection, day(7), taken=5 * MINUTES)
        incidents.cancel(connection, number, day(8), "ana", "no fault")
    found = desk.report(day(2, month=11))
    assert (found.attainments, found.cancelled, found.still_open) == ((), 1, 0)
    assert desk.report(day(2, month=11), Month(2026, 11)).cancelled == 0


def test_a_reopened_ticket_is_no_longer_kept_in_the_month_of_its_resolution(desk: Desk) -> None:
    with desk.database.begin() as connection:
        number = ticket(connection, day(7), taken=5 * MINUTES, resolved=timedelta(hours=2))
    assert whole(desk.report(day(8)), ClockKind.RESOLUTION) == (1, 0)
    with desk.database.begin() as connection:
        incidents.reopen(connection, number, day(3, month=11), "ana", "it is back")
        incidents.resolve(connection, number, day(3, 10, month=11), "ana", "now")
    assert whole(desk.report(day(4, month=11)), ClockKind.RESOLUTION) == (0, 0)
    assert whole(desk.report(day(4, month=11), Month(2026, 11)), ClockKind.RESOLUTION) == (1, 0)


def test_a_broken_promise_of_a_month_long_ago_is_told_as_it_stood_at_its_end(desk: Desk) -> None:
    with desk.database.begin() as connection:
        number = ticket(connection, day(7), taken=5 * MINUTES, resolved=timedelta(days=2))
        incidents.reopen(connection, number, day(3, month=11), "ana", "it is back")
        incidents.resolve(connection, number, day(3, 10, month=11), "ana", "now")
    told = " ".join(write(desk.report(day(4, month=11)), Format.TEXT).split())
    assert "still open at 2026-11-01 00:00 UTC" in told
    assert "2026-10-09 09:00 UTC on: resolved" in told, "it was re-opened since: not resolved now"


def test_an_entry_that_arrives_late_is_counted_where_it_belongs(desk: Desk) -> None:
    with desk.database.begin() as connection:
        number = ticket(connection, day(7), client="NIGHT")
    assert whole(desk.report(day(2, month=11)), ClockKind.RESPONSE) == (0, 1)
    told = (day(7) + 10 * MINUTES, "ana", "rang them at once", day(2, 10, month=11))
    with desk.database.begin() as connection:
        incidents.tell(connection, number, EntryKind.ANSWERED, *told)
    found = desk.report(day(2, 11, month=11))
    assert whole(found, ClockKind.RESPONSE) == (1, 0)
    assert found.cutoff == day(2, 10, month=11)


def test_tickets_that_are_not_counted_yet_are_told(desk: Desk) -> None:
    with desk.database.begin() as connection:
        first = ticket(connection, day(7), taken=5 * MINUTES)
    assert desk.report(day(8)).behind == 0
    with desk.database.begin() as connection:
        ticket(connection, day(8))
        incidents.resolve(connection, first, day(8), "ana", "done")
    stale = desk.report(day(8, 12), keep=False)
    assert stale.behind == 2 and "INCOMPLETE: 2 tickets" in write(stale, Format.TEXT)
    assert desk.report(day(8, 12)).behind == 0


def test_the_last_reason_counts_and_the_others_are_numbered(desk: Desk) -> None:
    with desk.database.begin() as connection:
        number = ticket(connection, day(7), taken=timedelta(hours=5), resolved=timedelta(hours=6))
        for whose, words in ((Responsibility.OURS, "asleep"), (Responsibility.VENDOR, "disk array")):
            reason = store.Reason(number, ClockKind.RESPONSE, 1, whose, words, "mia", day(8))
            store.add_reason(connection, reason)
    (breach,) = desk.report(day(9)).breaches
    assert (breach.responsibility, breach.reason, breach.changed) == ("vendor", "disk array", 1)


def test_the_definitions_name_the_revisions_that_counted_and_the_time_zone_data(desk: Desk) -> None:
    with desk.database.begin() as connection:
        ticket(connection, day(7), taken=5 * MINUTES)
    told = desk.report(day(8)).definitions
    assert "Policy usual, revision 1 (T-1 § 2): P2 response 1 h, update 2 h, resolution 8 h." in told[0]
    assert "Calendar office, revision 1: mon-fri 09:00-17:00 (UTC)." in told
    assert not any("around" in line for line in told)
    assert told[-1].startswith("Time zones: version ")
