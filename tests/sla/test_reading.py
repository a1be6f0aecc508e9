"""Incidents as events, and where their clocks stand: what the timeline tells, whenever it was told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from lexops.calendars.model import Calendar
from lexops.checks.model import Status
from lexops.config import SiteFile, parse
from lexops.errors import NotFound
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind
from lexops.incidents.store import entry_table
from lexops.sla import reading
from lexops.sla.model import ClockKind, ClockState, Facts, Happening
from lexops.store.database import Store
from tests.sla.desk import Desk, at, desk, office

RESPONSE, UPDATE, RESOLUTION, NOTICE = ClockKind


@pytest.fixture
def firm(store: Store, tmp_path: Path) -> Desk:
    made = desk(store, tmp_path)
    made.set()
    return made


def happened(firm: Desk, number: int = 1) -> list[tuple[Happening, Facts | None]]:
    with firm.store.read() as connection:
        found = reading.ticket_events(connection, firm.file, number)
    return [(each.kind, each.facts) for each in found]


def clock(firm: Desk, kind: ClockKind, number: int = 1, round: int = 1) -> tuple[ClockState, int, int | None]:
    (found,) = (c for c in firm.ticket(number).clocks if (c.kind, c.round) == (kind, round))
    return found.state, found.worked, found.due


def test_taking_a_ticket_is_a_response_and_no_answer_to_a_question(firm: Desk) -> None:
    firm.open()
    firm.wait(minutes=10)
    firm.ask("incident.asked", incident=1, text="when?")
    firm.wait(minutes=10)
    firm.ask("incident.acknowledge", incident=1)
    firm.wait(hours=1)
    assert clock(firm, RESPONSE)[:2] == (ClockState.MET, 20 * 60)
    assert clock(firm, UPDATE)[:2] == (ClockState.RUNNING, 70 * 60)
    firm.ask("incident.answer", incident=1, text="today")
    assert clock(firm, UPDATE)[:2] == (ClockState.MET, 70 * 60)


def test_notes_severity_and_recovery_are_nothing_to_clocks(firm: Desk) -> None:
    firm.open()
    firm.ask("incident.note", incident=1, text="looked at it")
    with firm.store.begin() as connection:
        for kind in (EntryKind.SEVERITY, EntryKind.RECOVERED):
            incidents.add_entry(connection, 1, firm.now, kind, "lexops", "x")
    assert [kind for kind, _ in happened(firm)] == [Happening.OPENED]


def test_every_step_of_a_ticket_reaches_its_clocks(firm: Desk) -> None:
    firm.open()
    steps = [
        ("incident.acknowledge", {}),
        ("incident.pause", {"reason": "for the client's bank"}),
        ("incident.resume", {}),
        ("incident.asked", {"text": "when?"}),
        ("incident.answer", {"text": "now"}),
        ("incident.classify", {"priority": "P1"}),
        ("incident.resolve", {"note": "done"}),
        ("incident.reopen", {"reason": "not done"}),
        ("incident.cancel", {"reason": "a duplicate"}),
    ]
    for name, arguments in steps:
        firm.wait(minutes=5)
        firm.ask(name, incident=1, **arguments)
    assert [kind.value for kind, _ in happened(firm)] == (
        "opened taken paused resumed asked answered classified resolved reopened cancelled".split()
    )
    ticket = firm.ticket()
    resolution = next(c for c in ticket.clocks if c.kind is RESOLUTION)
    assert [pause.why for pause in resolution.pauses] == ["for the client's bank", "resolved"]
    assert (resolution.state, resolution.reopened) == (ClockState.CANCELLED, 1)


def test_what_a_law_wants_told_is_known_by_its_jurisdiction(firm: Desk) -> None:
    firm.open()
    with firm.store.begin() as connection:
        told = {"jurisdiction": "EU"}
        incidents.tell(connection, 1, EntryKind.AWARE, firm.now, "ana", "lost laptop", firm.now, told)
    with firm.store.read() as connection:
        found = reading.ticket_events(connection, firm.file, 1)
    assert (found[-1].kind, found[-1].text) == (Happening.AWARE, "EU")


def test_facts_are_those_of_the_moment_and_the_target_tells_the_kind(firm: Desk) -> None:
    firm.open(client="ACME-1", target="wall")
    firm.wait(minutes=5)
    firm.ask("incident.classify", incident=1, priority="P1", queue="portal")
    assert [facts for _, facts in happened(firm)] == [
        Facts("P2", "ACME-1", "", "", "sqlite"),
        Facts("P1", "ACME-1", "", "portal", "sqlite"),
    ]


def forget_facts(firm: Desk) -> None:
    """As it was opened before timelines held facts."""
    with firm.store.begin() as connection:
        opened = entry_table.c.kind == EntryKind.OPENED.value
        connection.execute(update(entry_table).where(opened).values(data=None))


def test_an_incident_of_before_has_the_facts_of_its_row_until_it_is_classified(firm: Desk) -> None:
    firm.open()
    forget_facts(firm)
    assert happened(firm) == [(Happening.OPENED, Facts("P2"))]
    firm.wait(minutes=5)
    text = "priority low, was P4 before"
    firm.ask("incident.classify", incident=1, priority="P1", client="ACME-1", reason=text)
    assert [facts for _, facts in happened(firm)] == [Facts("P2"), Facts("P1", "ACME-1")]


def test_a_reason_cannot_pretend_to_be_a_priority(firm: Desk) -> None:
    firm.open()
    forget_facts(firm)
    firm.ask("incident.classify", incident=1, queue="portal", reason="priority P1, was P4")
    assert [facts for _, facts in happened(firm)] == [Facts("P2"), Facts("P2", queue="portal")]


def test_what_arrives_late_counts_from_when_it_happened(firm: Desk) -> None:
    firm.open()
    firm.wait(hours=2)
    assert clock(firm, RESPONSE)[0] is ClockState.OVERDUE
    firm.ask("incident.answer", incident=1, text="by phone", when="90m")
    assert clock(firm, RESPONSE) == (ClockState.MET, 30 * 60, clock(firm, RESPONSE)[2])


def test_open_tickets_come_by_urgency(firm: Desk) -> None:
    firm.open(title="paused", priority="P1")
    firm.open(title="no promise", priority="P4")
    firm.open(title="due late", priority="P2")
    firm.open(title="due soon", priority="P1")
    for number in (1, 3, 4):
        firm.ask("incident.acknowledge", incident=number)
    firm.ask("incident.pause", incident=1, reason="the client")
    firm.wait(minutes=30)
    firm.open(title="overdue", priority="P1")
    firm.wait(minutes=20)
    with firm.store.read() as connection:
        found = reading.open_tickets(connection, firm.file, firm.now)
    assert [each.incident.title for each in found] == [
        "overdue",
        "due soon",
        "due late",
        "paused",
        "no promise",
    ]


def test_the_incidents_of_a_span_are_those_that_were_open_in_it(firm: Desk) -> None:
    for _ in range(3):
        firm.open()
        firm.wait(hours=1)
    firm.ask("incident.resolve", incident=1, note="done")
    since, until = at("2026-03-02 12:00"), at("2026-03-02 13:00")
    firm.wait(hours=2)
    firm.open()
    with firm.store.read() as connection:
        assert [each.id for each in incidents.between(connection, since, until)] == [1, 2, 3]
        later = since + timedelta(seconds=1)
        assert [each.id for each in incidents.between(connection, later, until)] == [2, 3]


def test_an_incident_that_is_not_there_is_said(firm: Desk) -> None:
    with pytest.raises(NotFound, match="no incident #9"):
        firm.ticket(9)


def test_a_target_that_left_the_site_has_no_kind(firm: Desk) -> None:
    firm.open(target="wall")
    settings = parse({"site": {"name": "x"}}, Path("lexops.toml"))
    file = SiteFile(path=firm.file.path, settings=settings)
    with firm.store.read() as connection:
        (opened,) = reading.ticket_events(connection, file, 1)
    assert opened.facts == Facts("P2")


def test_an_incident_of_a_check_has_the_usual_priority_of_its_severity(firm: Desk) -> None:
    with firm.store.begin() as connection:
        incidents.open_by_hand(connection, "k", "t", Status.CRITICAL, firm.now, "ana", None)
    assert happened(firm) == [(Happening.OPENED, Facts("P2"))]


def test_a_calendar_that_hardly_opens_any_more_leaves_a_clock_without_a_due_time(firm: Desk) -> None:
    firm.enter(office())
    firm.set("hours", calendar="office", budgets="P1 resolution 4h", queue="portal")
    firm.open(priority="P1", queue="portal")
    closed = replace(office().periods[0], week=((),) * 7)
    firm.enter(Calendar("office", (closed,)), after=1)
    assert clock(firm, RESOLUTION) == (ClockState.RUNNING, 0, None)
