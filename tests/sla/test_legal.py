"""Breaches of data: the table of laws, what is recorded, whom it has told, and the draft of a notice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from lexops.errors import InvalidRequest, NotFound, Refused
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind
from lexops.incidents.operations import OPERATIONS as INCIDENTS
from lexops.sla import legal, store
from lexops.sla.duty import Duty
from lexops.sla.explain import explain
from lexops.sla.legal_operations import OPERATIONS
from lexops.sla.model import ClockKind, ClockState
from lexops.sla.reading import ticket, ticket_events
from lexops.sla.register import register
from lexops.store.database import Store
from tests.cli.desk import Desk, desk
from tests.clock import START
from tests.gates import World, world


@pytest.fixture
def firm(store: Store, tmp_path: Path) -> World:
    """A firm with one incident, #1."""
    made = world(store, tmp_path, operations=(*INCIDENTS, *OPERATIONS))
    made.submit("sam", "incident.open", title="invoices of others were shown")
    return made


def known(firm: World) -> list[Duty]:
    with firm.store.read() as connection:
        return register(connection, firm.clock.now())


def breach(firm: World, code: str = "EU", **more: object) -> str:
    return firm.submit(
        "sam", "breach.aware", incident=1, jurisdiction=code, facts="invoices were shown to others", **more
    )


def notify(firm: World, code: str = "EU", **more: str) -> str:
    return firm.submit("sam", "breach.notified", incident=1, jurisdiction=code, reference="file 4711", **more)


# The table.


def test_every_law_of_the_table_says_whom_it_wants_told_and_where_that_was_read() -> None:
    for law in legal.jurisdictions().values():
        assert law.name and law.law and law.recipient
        assert law.source.startswith("https://")
        assert law.seconds is None or (law.seconds % 3600 == 0 and law.seconds > 0)
        assert len(law.code) <= 40 and law.code == law.code.upper()


@pytest.mark.parametrize(
    ("code", "hours"),
    [
        ("EU", 72),
        ("UK", 72),
        ("EU-NIS2-WARNING", 24),
        ("EU-NIS2", 72),
        ("EU-DORA", 24),
        ("IN", 6),
        ("SG", 72),
        ("BR", 72),
        ("AU", 30 * 24),
        ("US-NY", 30 * 24),
        ("US-TX", 30 * 24),
        ("US-TX-PERSONS", 60 * 24),
        ("US-HIPAA", 60 * 24),
    ],
)
def test_a_law_that_names_a_number_has_a_clock(code: str, hours: int) -> None:
    assert legal.jurisdictions()[code].seconds == hours * 3600


@pytest.mark.parametrize("code", ["CH", "CA", "EU-PROCESSOR", "EU-PERSONS"])
def test_a_law_that_names_no_number_is_listed_and_has_no_clock(firm: World, code: str) -> None:
    assert "names no number" in breach(firm, code)
    (duty,) = known(firm)
    assert (duty.law.code, duty.due) == (code, None)
    with firm.store.read() as connection:
        found = ticket(connection, firm.gate.file, 1, firm.clock.now())
    assert [clock for clock in found.clocks if clock.kind is ClockKind.NOTICE] == []


# What is recorded.


def test_awareness_starts_the_clock_of_the_law(firm: World) -> None:
    said = breach(firm)
    assert (
        said == "incident #1: supervisory authority to be told by 2026-03-05 09:00:00 UTC (GDPR art. 33(1))"
    )
    firm.clock.advance(hours=30)
    with firm.store.read() as connection:
        found = ticket(connection, firm.gate.file, 1, firm.clock.now())
    (clock,) = found.clocks
    assert (clock.kind, clock.policy, clock.worked) == (ClockKind.NOTICE, "EU", 30 * 3600)


def test_the_clock_begins_when_we_knew_and_not_when_it_was_written(firm: World) -> None:
    firm.clock.advance(hours=10)
    breach(firm, when="90m")
    (duty,) = known(firm)
    assert duty.aware == START + timedelta(hours=8, minutes=30)


def test_awareness_from_before_the_ticket_counts_from_then(firm: World) -> None:
    breach(firm, when="2026-03-01T09:00")
    with firm.store.read() as connection:
        (clock,) = ticket(connection, firm.gate.file, 1, firm.clock.now()).clocks
    assert clock.worked == 24 * 3600


def test_a_code_that_is_not_there_is_refused_with_those_that_are(firm: World) -> None:
    with pytest.raises(InvalidRequest, match="no 'XX'") as refused:
        breach(firm, "XX")
    assert "EU, EU-PERSONS" in refused.value.hint


def test_a_code_in_small_letters_is_understood(firm: World) -> None:
    breach(firm, " us-ny ")
    assert [duty.law.code for duty in known(firm)] == ["US-NY"]


def test_nobody_becomes_aware_twice_under_one_law(firm: World) -> None:
    breach(firm)
    firm.clock.advance(hours=1)
    with pytest.raises(Refused, match="we know of the breach under EU since 2026-03-02 09:00:00"):
        breach(firm)
    breach(firm, "UK")
    assert {duty.law.code for duty in known(firm)} == {"EU", "UK"}


@pytest.mark.parametrize(("when", "hours"), [("2026-03-02T07:00", 2), ("2026-03-02T11:00", -2)])
def test_a_moment_that_was_recorded_wrongly_is_corrected_and_stays_to_be_seen(
    firm: World, when: str, hours: int
) -> None:
    breach(firm)
    breach(firm, "UK")
    firm.clock.advance(hours=5)
    said = breach(firm, when=when, correction=True)
    assert "told by 2026-03-05 07:00:00 UTC" in said or hours < 0
    assert {duty.law.code: duty.aware for duty in known(firm)} == {
        "EU": START - timedelta(hours=hours),
        "UK": START,
    }
    with firm.store.read() as connection:
        found = ticket(connection, firm.gate.file, 1, firm.clock.now())
        events, terms = ticket_events(connection, firm.gate.file, 1), store.book(connection)
        entries = incidents.timeline(connection, 1)
    assert {(each.policy, each.round): each.worked for each in found.clocks} == {
        ("EU", 1): (5 + hours) * 3600,
        ("UK", 2): 5 * 3600,
    }
    assert [each.text for each in entries if each.kind is EntryKind.AWARE][-1 if hours < 0 else 0] == (
        "corrected, recorded before was 2026-03-02 09:00:00 UTC: invoices were shown to others"
    )
    lines = [line for each in explain(found, events, terms).told for line in each.lines]
    assert sum("corrected since; it does not count" in each for each in lines) == 1


def test_a_correction_needs_something_wrong(firm: World) -> None:
    with pytest.raises(Refused, match="no awareness under EU is recorded"):
        breach(firm, correction=True)
    breach(firm)
    with pytest.raises(Refused, match="is what is recorded"):
        breach(firm, when="2026-03-02T09:00", correction=True)
    firm.clock.advance(hours=1)
    firm.submit("sam", "breach.notified", incident=1, jurisdiction="EU", reference="A-1")
    firm.clock.advance(hours=1)
    with pytest.raises(InvalidRequest, match="so we knew by then"):
        breach(firm, when="2026-03-02T10:30", correction=True)


@pytest.mark.parametrize("when", ["0206-03-01", "1969-12-31T23:00", "1999-12-31"])
def test_awareness_does_not_lie_where_no_clock_counts(firm: World, when: str) -> None:
    with pytest.raises(InvalidRequest, match="is before 2000"):
        breach(firm, when=when)


def test_awareness_does_not_lie_ahead(firm: World) -> None:
    with pytest.raises(InvalidRequest, match="still to come"):
        breach(firm, when="2026-03-02T10:00")


def test_an_incident_that_is_not_there_is_not_breached(firm: World) -> None:
    with pytest.raises(NotFound):
        firm.submit("sam", "breach.aware", incident=99, jurisdiction="EU", facts="x")


def test_nobody_is_notified_before_we_knew(firm: World) -> None:
    with pytest.raises(Refused, match="nobody has recorded awareness"):
        notify(firm)
    firm.clock.advance(hours=5)
    breach(firm, when="2h")
    with pytest.raises(InvalidRequest, match="before we knew of it"):
        notify(firm, when="3h")


def test_a_notice_in_time_stops_the_clock(firm: World) -> None:
    breach(firm)
    firm.clock.advance(hours=72)
    assert notify(firm) == "incident #1: supervisory authority told in time under EU"
    firm.clock.advance(days=30)
    with firm.store.read() as connection:
        (clock,) = ticket(connection, firm.gate.file, 1, firm.clock.now()).clocks
    assert (clock.state, clock.left) == (ClockState.MET, 0)


def test_a_late_notice_needs_the_reasons_for_the_delay(firm: World) -> None:
    breach(firm)
    firm.clock.advance(hours=72, seconds=1)
    with pytest.raises(InvalidRequest, match="it was due 2026-03-05 09:00:00"):
        notify(firm)
    assert (
        notify(firm, delay="the logs were encrypted")
        == "incident #1: supervisory authority told late under EU"
    )
    with firm.store.read() as connection:
        entry = incidents.timeline(connection, 1)[-1]
        (clock,) = ticket(connection, firm.gate.file, 1, firm.clock.now()).clocks
    assert entry.kind is EntryKind.NOTIFIED
    assert entry.text.endswith("why it was not earlier: the logs were encrypted")
    assert clock.state is ClockState.MISSED


def test_a_notice_told_later_is_not_late(firm: World) -> None:
    breach(firm)
    firm.clock.advance(hours=80)
    notify(firm, when="2026-03-04T12:00")
    (duty,) = known(firm)
    assert duty.notified is not None
    assert not duty.is_late(duty.notified)


def test_nobody_is_notified_twice_under_one_law(firm: World) -> None:
    breach(firm)
    notify(firm)
    with pytest.raises(Refused, match="was told"):
        notify(firm)


def test_an_auditor_records_no_breach(firm: World) -> None:
    with pytest.raises(Refused):
        firm.submit("aud", "breach.aware", incident=1, jurisdiction="EU", facts="x")


def test_the_register_shows_what_is_due_next_first_and_what_is_done_last(firm: World) -> None:
    breach(firm, "US-NY")
    breach(firm, "EU")
    breach(firm, "UK")
    notify(firm, "UK")
    assert [duty.law.code for duty in known(firm)] == ["EU", "US-NY", "UK"]


# The commands.


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    yield from desk(tmp_path, capsys, *INCIDENTS, *OPERATIONS)


def test_the_commands_record_list_and_draft(office: Desk) -> None:
    office.run("sam", "incident", "open", "invoices of Example & Sons shown to others")
    assert "no breach of data" in office.run("sam", "sla", "breach", "list").err
    nothing = office.run("sam", "sla", "breach", "draft", "1")
    assert nothing.code == 2 and "first: lexops sla breach aware 1 EU" in nothing.err
    said = office.run(
        "sam", "sla", "breach", "aware", "1", "EU", "invoices were shown to the wrong portal users"
    )
    assert said.code == 0, said.err
    office.run("sam", "incident", "note", "1", "Erika Example called")
    listed = office.run("sam", "sla", "breach", "list")
    assert listed.code == 0
    assert "#1" in listed.out and "supervisory authority" in listed.out and "72 h 00" in listed.out
    office.world.clock.advance(hours=73)
    late = office.run("sam", "sla", "breach", "list", "--json")
    assert late.code == 1
    assert late.json["breaches"][0]["late"] is True
    drafted = office.run("sam", "sla", "breach", "draft", "1").out
    assert "invoices were shown to the wrong portal users" in drafted
    assert "to be told by 2026-03-05 09:00:00 UTC" in drafted
    assert "not told yet, and late" in drafted
    assert "something was noted" in drafted
    assert "NOT ON RECORD: why the notice was not earlier" in drafted
    assert "Example" not in drafted and "sam" not in drafted
    assert office.run("sam", "sla", "breach", "draft", "1", "--json").json["lines"] == drafted.splitlines()


def test_the_table_is_shown_whole(office: Desk) -> None:
    shown = office.run("aud", "sla", "breach", "jurisdictions")
    assert shown.code == 0
    assert len(shown.out.splitlines()) == len(legal.jurisdictions()) + 1
    rows = office.run("aud", "sla", "breach", "jurisdictions", "--json").json["jurisdictions"]
    assert {row["code"]: row["seconds"] for row in rows}["CH"] is None
    assert all("source" in row and "note" in row for row in rows)
