"""How things stand, and drafts: only what one audience was told, the same bytes for the same moment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lexops.checks.model import Status
from lexops.communication import drafting, reading, templates
from lexops.communication.model import Notice, NoticeKind
from lexops.communication.rendering_status import Format, write
from lexops.communication.standing import standing_of
from lexops.errors import InvalidRequest, NotFound
from lexops.incidents.model import Entry, EntryKind, Incident, Priority, State
from tests.clock import START
from tests.communication.desk import Desk, at, desk
from tests.stores import sqlite_store


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Desk]:
    store = sqlite_store(tmp_path)
    yield desk(store, tmp_path)
    store.close()


def status(firm: Desk, form: Format = Format.TEXT, audience: str | None = None, when: str = "") -> str:
    with firm.store.read() as connection:
        found = reading.standing(connection, firm.file, audience, at(when) if when else firm.now)
    return write(found, form)


def test_without_anything_to_tell_it_says_so(firm: Desk) -> None:
    firm.open()
    assert status(firm) == (
        "Test & Partners: how things stand\n2026-03-02 09:00 GMT\n\n"
        "No disturbance is known and no work is planned.\n"
    )


def test_what_disturbs_is_told_in_the_words_of_the_newest_update(firm: Desk) -> None:
    firm.open()
    firm.update(text="Nobody can log in.")
    firm.wait(minutes=30)
    firm.update(text="Logging in works again,\nslowly.", next="2h")
    firm.write(1, EntryKind.MITIGATED, "disk 7 taken out")
    firm.maintain()
    assert status(firm) == (
        "Test & Partners: how things stand\n"
        "2026-03-02 09:30 GMT\n"
        "\n"
        "Disturbance #1 since 2026-03-02 09:00 GMT; no more harm since 2026-03-02 09:30 GMT\n"
        "  Logging in works again,\n"
        "  slowly.\n"
        "  Told 2026-03-02 09:30 GMT; next update by 2026-03-02 11:30 GMT.\n"
        "\n"
        "Work planned, 2026-03-07 22:00 GMT to 2026-03-08 02:00 GMT: New disks\n"
        "  You cannot log in.\n"
        "  Affected: the portal for clients.\n"
    )


def test_only_urgent_open_incidents_of_which_they_were_told_are_in_it(firm: Desk) -> None:
    for number, priority in enumerate(("P1", "P2", "P3", "P4"), 1):
        firm.open(title=f"fault {number}", priority=priority)
        firm.update(incident=number, text=f"words {number}")
    firm.open(title="untold")
    firm.ask("incident.resolve", incident=1, note="done")
    assert [line.strip() for line in status(firm).splitlines() if "words" in line] == ["words 2"]


def test_what_one_audience_was_told_is_not_for_the_other(firm: Desk) -> None:
    firm.open()
    firm.update(text="for partners")
    firm.update(audience="portal-users", text="for users")
    with pytest.raises(InvalidRequest, match="2 audiences were told different things") as raised:
        status(firm)
    assert "--audience" in raised.value.hint
    assert "for partners" in status(firm, audience="partners")
    assert "for partners" not in status(firm, audience="portal-users")
    with pytest.raises(NotFound, match="there is no audience 'portal-user'"):
        status(firm, audience="portal-user")


def test_no_title_name_client_or_machine_is_in_any_form(firm: Desk) -> None:
    firm.open(title="ACME cannot log in <script>")
    firm.ask("incident.acknowledge", "sam", incident=1)
    firm.update(text="We look <script>alert(1)</script> [x](y) \x1b]0;t\x07")
    firm.maintain(title="<b>disks")
    for form in Format:
        written = status(firm, form)
        assert [
            word for word in ("ACME", "sam", "ana", "client-portal", "\x1b", "\x07") if word in written
        ] == []
    page = status(firm, Format.HTML)
    assert "<script" not in page and "&lt;script&gt;" in page and "&lt;b&gt;disks" in page
    assert "default-src &#x27;none&#x27;" in page


def test_the_past_is_shown_as_it_was_told_then(firm: Desk) -> None:
    firm.open(priority="P3")
    firm.update(text="first words")
    firm.maintain(starts="2026-03-02T12:00", ends="1h")
    firm.wait(minutes=10)
    firm.ask("incident.classify", incident=1, priority="P1")
    firm.wait(minutes=10)
    firm.update(text="second words")
    firm.wait(minutes=10)
    firm.ask("incident.resolve", incident=1, note="done")
    firm.wait(hours=1)
    firm.ask("incident.reopen", incident=1, reason="again")
    firm.ask("notice.withdraw", notice=2, reason="no disks")
    firm.wait(hours=5)
    shown = {
        when: [
            word for word in ("first", "second", "New disks", "goes on") if word in status(firm, when=when)
        ]
        for when in (
            "2026-03-02T08:59:59",
            "2026-03-02T09:00",
            "2026-03-02T09:10",
            "2026-03-02T09:25",
            "2026-03-02T09:30",
            "2026-03-02T11:00",
            "2026-03-02T12:30",
        )
    }
    assert list(shown.values()) == [
        [],
        ["New disks"],
        ["first", "New disks"],
        ["second", "New disks"],
        ["New disks"],
        ["second"],
        ["second"],
    ]


def test_work_goes_on_from_its_start_to_before_its_end(firm: Desk) -> None:
    firm.maintain()
    shown = [
        status(firm, when=when) for when in ("2026-03-07T22:00", "2026-03-08T01:59:59", "2026-03-08T02:00")
    ]
    assert ["Work goes on" in each for each in shown] == [True, True, False]


def test_the_same_moment_is_the_same_bytes(firm: Desk) -> None:
    firm.open()
    firm.update()
    before = [status(firm, form, when="2026-03-02T09:00") for form in Format]
    firm.wait(days=3)
    firm.update(text="later")
    assert [status(firm, form, when="2026-03-02T09:00") for form in Format] == before
    assert json.loads(before[2])["disturbances"][0]["next"] == "2026-03-02T10:00:00Z"


@given(some.permutations(range(6)))
def test_the_order_in_which_notices_are_read_changes_nothing(order: list[int]) -> None:
    known = [
        Notice(
            number,
            NoticeKind.UPDATE,
            "partners",
            "t",
            f"words {number}",
            START + timedelta(minutes=n),
            "a",
            1,
        )
        for number, n in enumerate((0, 1, 1, 2, 2, 9), 1)
    ]
    incident = Incident(
        1, "f", "t", Status.CRITICAL, State.OPEN, None, None, START, START, priority=Priority.P1
    )
    now = START + timedelta(minutes=5)
    shuffled = [known[place] for place in order]
    found = standing_of("s", "UTC", "partners", now, shuffled, [incident], {})
    assert [each.text for each in found.disturbances] == ["words 5"]


# Drafts.


def draft(firm: Desk, template: str | None = None) -> reading.Draft:
    with firm.store.read() as connection:
        return reading.draft(connection, firm.file, 1, template, firm.now)


def test_the_fitting_text_follows_how_far_the_incident_is(firm: Desk) -> None:
    firm.open()
    assert draft(firm).name == "first"
    assert draft(firm).text == (
        "Since 2026-03-02 09:00 GMT there is a disturbance, number 1: the portal for clients.\n"
        "[what is known and what is being done]\n"
        "We will write again by [when]."
    )
    firm.update()
    assert draft(firm).name == "going-on"
    firm.wait(minutes=65)
    firm.write(1, EntryKind.MITIGATED, "disk 7 taken out")
    assert (
        draft(firm).name == "mitigated" and "does no more harm since 2026-03-02 10:05 GMT" in draft(firm).text
    )
    firm.wait(hours=30)
    firm.ask("incident.resolve", incident=1, note="disk 7 replaced")
    firm.wait(hours=1)
    assert draft(firm).name == "resolved"
    assert "is over since 2026-03-03 16:05 GMT; it lasted 1 d 7 h" in draft(firm).text
    firm.ask("incident.reopen", incident=1, reason="again")
    assert draft(firm).name == "going-on"


def test_no_draft_names_a_client_a_machine_or_a_person(firm: Desk) -> None:
    firm.open(target="billing-db")
    firm.ask("incident.acknowledge", "sam", incident=1)
    firm.found_by_check("Connections of ACME", "postgresql.connections", parent=1)
    firm.ask("incident.resolve", incident=1, note="disk 7")
    for name in templates.names(firm.file):
        text = draft(firm, name).text
        assert [word for word in ("ACME", "billing-db", "sam", "disk", "postgresql") if word in text] == []
        assert drafting.UNKNOWN in text


def test_what_is_listed_under_it_is_affected_too(firm: Desk) -> None:
    firm.open()
    firm.found_by_check("Connections", "postgresql.connections", parent=1)
    assert "the portal for clients, one of our services." in draft(firm).text


def test_an_unknown_text_names_those_there_are(firm: Desk) -> None:
    firm.open()
    with pytest.raises(NotFound) as raised:
        draft(firm, "frist")
    assert raised.value.hint == "there are: first, going-on, mitigated, resolved"


def test_every_shipped_text_fills_with_the_variables_there_are(firm: Desk) -> None:
    known = dict.fromkeys(drafting.VARIABLES, "x")
    for name in templates.names(firm.file):
        assert "$" not in drafting.fill(name, templates.read(firm.file, name), known)


def test_the_variables_are_those_that_are_documented() -> None:
    incident = Incident(1, "f", "t", Status.CRITICAL, State.OPEN, None, None, START, START)
    found = drafting.values(incident, [], "x", "s", ZoneInfo("UTC"), START)
    assert tuple(sorted(found)) == drafting.VARIABLES
    docs = (Path(__file__).parents[2] / "docs" / "communication.md").read_text(encoding="utf-8")
    assert all(f"`${name}`" in docs for name in drafting.VARIABLES)


def test_a_second_mitigation_counts_from_the_first_and_a_reopening_takes_both_back() -> None:
    def entries(*kinds: EntryKind) -> list[Entry]:
        return [Entry(START + timedelta(minutes=n), kind, "a", "") for n, kind in enumerate(kinds)]

    eased, again = EntryKind.MITIGATED, EntryKind.REOPENED
    assert drafting.mitigated(entries(eased, eased)) == START
    assert drafting.mitigated(entries(eased, eased, again)) is None
    assert drafting.mitigated(entries(eased, again, eased)) == START + timedelta(minutes=2)
