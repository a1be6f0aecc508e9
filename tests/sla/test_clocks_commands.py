"""`lexops sla clocks` and `lexops sla explain`, as a person and a script meet them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from lexops.calendars import store as calendars
from lexops.incidents.operations import OPERATIONS as INCIDENTS
from lexops.sla import keeping
from lexops.sla.legal_operations import OPERATIONS as LEGAL
from lexops.sla.policy_operations import OPERATIONS as POLICIES
from tests.cli.desk import Desk, desk
from tests.sla.tickets import OFFICE


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """On a Monday at nine, with promises in London's office hours and three tickets of two clients."""
    for made in desk(tmp_path, capsys, *INCIDENTS, *LEGAL, *POLICIES, environment="demo"):
        world = made.world
        with world.store.begin() as connection:
            calendars.add(connection, OFFICE, at=world.clock.now(), operator="ana", reason="as agreed")
        budgets = "P1 response 1h, resolution 4h; P3 response 5h, update 4h, resolution 16h"
        world.submit(
            "ana",
            "policy.set",
            name="std",
            calendar="london",
            budgets=budgets,
            reason="agreed",
            contract="4.2",
        )
        for client, priority in (("acme", "P3"), ("cole", "P1"), ("acme", "P4")):
            world.submit("sam", "incident.open", title=f"{client}'s portal", client=client, priority=priority)
        yield made


def test_clocks_are_listed_by_what_is_due_next(office: Desk) -> None:
    said = office.run("sam", "sla", "clocks")
    assert said.code == 0
    head, *lines = (line.split() for line in said.out.splitlines())
    assert head == ["ticket", "priority", "client", "clock", "state", "due", "left", "used"]
    assert [(line[0], line[1], line[3]) for line in lines] == [
        ("#2", "P1", "response"),
        ("#2", "P1", "resolution"),
        ("#1", "P3", "response"),
        ("#1", "P3", "resolution"),
    ]
    assert "2026-03-02 10:00:00 UTC" in said.out


def test_an_overdue_clock_comes_first_and_turns_the_exit_code(office: Desk) -> None:
    office.world.clock.advance(hours=2)
    said = office.run("sam", "sla", "clocks")
    assert said.code == 1
    assert said.out.splitlines()[1].split()[:5] == ["#2", "P1", "cole", "response", "overdue"]
    assert "1 h 00 over" in said.out.splitlines()[1] and "200 %" in said.out.splitlines()[1]
    alone = office.run("sam", "sla", "clocks", "--client", "acme")
    assert alone.code == 0
    assert {line.split()[0] for line in alone.out.splitlines()[1:]} == {"#1"}


def test_what_waits_has_no_due_time(office: Desk) -> None:
    office.run("sam", "incident", "pause", "1", "the client's bank")
    line = next(line for line in office.run("sam", "sla", "clocks").out.splitlines() if "paused" in line)
    assert line.split() == ["#1", "P3", "acme", "resolution", "paused", "16", "h", "00", "0", "%"]


def test_what_still_runs_of_a_resolved_ticket_is_listed(office: Desk) -> None:
    world = office.world
    office.run("sam", "incident", "resolve", "1", "done")
    world.clock.advance(minutes=1)
    office.run("sam", "incident", "asked", "1", "really?")
    with world.store.begin() as connection:
        keeping.refresh(connection, world.gate.file, world.clock.now())
    found = office.run("sam", "sla", "clocks", "--client", "acme", "--json").json["clocks"]
    assert [(each["incident"], each["clock"]) for each in found] == [(1, "update")]
    world.clock.advance(hours=5)
    assert office.run("sam", "sla", "clocks", "--client", "acme").code == 1


def test_open_time_that_is_left_is_never_told_in_days_of_the_wall(office: Desk) -> None:
    office.run(
        "ana", "sla", "policy", "set", "long", "london", "P4 resolution 40h", "agreed", "--priority", "P4"
    )
    line = next(line for line in office.run("sam", "sla", "clocks").out.splitlines() if "#3" in line)
    assert line.split()[-5:] == ["40", "h", "00", "0", "%"]


def test_clocks_are_data_too(office: Desk) -> None:
    office.run("sam", "incident", "asked", "1", "when?")
    found = office.run("sam", "sla", "clocks", "--json").json["clocks"]
    assert [(each["incident"], each["clock"], each["left"]) for each in found][-1] == (
        1,
        "resolution",
        57_600,
    )
    update = next(each for each in found if each["clock"] == "update")
    assert update["due"] == "2026-03-02T13:00:00Z"
    assert (update["policy"], update["contract"], update["calendar"]) == ("std", "4.2", "london")


def test_nothing_that_runs_is_said(office: Desk) -> None:
    said = office.run("sam", "sla", "clocks", "--client", "nobody")
    assert (said.code, said.err) == (0, "no clocks run\n")
    assert office.run("sam", "sla", "clocks", "--client", "nobody", "--json").json == {"clocks": []}


def test_a_ticket_is_explained(office: Desk) -> None:
    office.world.clock.advance(hours=1)
    office.run("sam", "incident", "pause", "1", "the client's bank")
    office.world.clock.advance(hours=1)
    said = office.run("sam", "sla", "explain", "1", "--clock", "resolution")
    assert said.code == 0, said.err
    assert said.out.splitlines() == [
        "#1 acme's portal",
        "",
        "RESOLUTION: paused",
        "  Opened Mon 2 Mar 2026 09:00 GMT as P3.",
        "  Promised: resolution within 16 h (policy std, contract 4.2, revision 1).",
        "  Counted: mon-fri 09:00-17:00, Europe/London (calendar london, revision 1).",
        "  Mon 2 Mar 09:00-10:00: 1 h counted",
        "  Mon 2 Mar 10:00-11:00: paused, waiting: the client's bank; 1 h not counted",
        "  Now, Mon 2 Mar 11:00 GMT: it waits; 1 h used of 16 h, 15 h left, and nothing is due meanwhile.",
    ]
    assert "RESPONSE: running" in office.run("sam", "sla", "explain", "1").out


def test_an_explanation_is_data_too(office: Desk) -> None:
    office.world.clock.advance(hours=1)
    said = office.run("sam", "sla", "explain", "2", "--json").json
    response = said["clocks"][0]
    assert response["segments"][0] == {
        "start": "2026-03-02T09:00:00Z",
        "end": "2026-03-02T10:00:00Z",
        "seconds": 3600,
        "part": "counted",
        "why": "",
    }
    assert sum(each["seconds"] for each in response["segments"]) == response["budget"]
    for clock in said["clocks"]:
        parts = Counter[str]()
        for each in clock["segments"]:
            parts[each["part"]] += each["seconds"]
        assert (parts["counted"], parts["left"]) == (clock["used"], clock["left"])
    assert response["lines"][0] == "Opened Mon 2 Mar 2026 09:00 GMT as P1."


def test_the_law_is_explained_beside_the_contract(office: Desk) -> None:
    office.run("sam", "sla", "breach", "aware", "3", "EU", "invoices shown to others")
    said = office.run("sam", "sla", "explain", "3")
    assert "NOTICE EU: running" in said.out
    assert "supervisory authority to be told within 72 h" in said.out


def test_a_ticket_without_a_promise_says_so(office: Desk) -> None:
    assert "nothing is promised for it" in office.run("sam", "sla", "explain", "3").out


def test_what_is_not_there_is_refused(office: Desk) -> None:
    assert office.run("sam", "sla", "explain", "99").code == 2
    wrong = office.run("sam", "sla", "explain", "1", "--clock", "lunch")
    assert wrong.code == 2
    assert "there are: response, update, resolution, notice" in wrong.err
