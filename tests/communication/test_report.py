"""The report after an incident: from the timeline, the same bytes each time, safe to read and to send."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import markdown as reader
import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from lexops.communication import reading, rendering_html, rendering_md
from lexops.communication.actions import actions as known_actions
from lexops.communication.model import Action
from lexops.communication.postmortem import Postmortem, as_json
from lexops.communication.rendering import markdown
from lexops.errors import LexOpsError, NotFound
from lexops.incidents.model import EntryKind
from lexops.store.database import Store
from lexops.text import one_line
from tests.communication.desk import Desk, at, desk
from tests.stores import sqlite_store

HERE = Path(__file__).parent
HOSTILE = "[@click=app.quit()]x[/ <script>alert(1)</script> | # *b* [l](http://x) \x1b]0;t\x07 \u202etxt"
SECRETS = (
    "ana",
    "sam",
    "bo ",
    "ACME",
    "client-portal",
    "billing-db",
    "disk 7",
    "postgresql",
    "C-12",
    "secret",
)


def story(firm: Desk) -> None:
    """A night in which the clocks go back: found, taken, told of, eased, resolved, opened again, resolved."""
    clock = firm.world.clock
    clock.jump(at("2026-10-25T00:20"))
    firm.ask(
        "policy.set",
        name="standard",
        calendar="always",
        budgets="P1 response 15m, resolution 1h, update 30m",
        contract="C-12",
        reason="agreed",
    )
    clock.jump(at("2026-10-25T00:30"))
    firm.open(title=f"ACME cannot log in {HOSTILE}", provider=None)
    firm.wait(minutes=5)
    firm.ask("incident.acknowledge", "sam", incident=1)
    firm.write(1, EntryKind.TOLD, "level 1: sam (dba on call)", "lexops", generation="1", round="1", step="1")
    firm.wait(minutes=5)
    firm.found_by_check("Connections are used up", "postgresql.connections", parent=1)
    firm.update(text=f"Logging in fails.\nWe look into it. {HOSTILE}", next="30m")
    firm.update(audience="portal-users", text="You cannot log in: a secret of the others.", next="1h")
    firm.ask("incident.note", "sam", incident=1, text=f"disk 7 is broken {HOSTILE}")
    firm.wait(minutes=50)
    firm.write(1, EntryKind.MITIGATED, "disk 7 taken out")
    firm.wait(minutes=30)
    firm.ask("incident.resolve", incident=1, note="disk 7 replaced", when="10m")
    firm.wait(hours=1)
    firm.ask("incident.reopen", incident=1, reason="ACME cannot log in again")
    firm.ask("incident.acknowledge", "sam", incident=1)
    firm.wait(minutes=15)
    firm.ask("incident.resolve", incident=1, note="the cable was loose; disk 7 stays")
    firm.update(text="It is over: a cable was loose.", next="-")
    firm.ask("incident.action", incident=1, title="Buy better cables, ana", owner="sam", due="2026-11-08")
    firm.ask("incident.action", incident=1, title=HOSTILE, owner="ana", due="14d", priority="P3")
    firm.ask("incident.resolve", incident=4, note="bought")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The night; whoever changes something uses `firm`."""
    folder = tmp_path_factory.mktemp("night")
    store = sqlite_store(folder)
    made = desk(store, folder)
    story(made)
    yield made
    store.close()


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Desk]:
    store = sqlite_store(tmp_path)
    made = desk(store, tmp_path)
    made.open()
    yield made
    store.close()


def report(firm: Desk, number: int = 1, audience: str | None = None) -> Postmortem:
    with firm.store.read() as connection:
        return reading.report(connection, firm.file, number, firm.now, audience)


FORMS: dict[str, Callable[[Postmortem], str]] = {
    "md": rendering_md.text,
    "html": rendering_html.text,
    "json": lambda found: json.dumps(as_json(found)),
}


@pytest.mark.parametrize(
    ("name", "form", "audience"),
    [
        ("report.md", "md", None),
        ("report_for_partners.md", "md", "partners"),
        ("report_for_partners.html", "html", "partners"),
    ],
)
def test_a_night_with_everything_in_it(told: Desk, name: str, form: str, audience: str | None) -> None:
    assert FORMS[form](report(told, audience=audience)) == (HERE / name).read_text(encoding="utf-8")


def test_the_same_data_are_the_same_bytes_whenever_it_is_made(store: Store, tmp_path: Path) -> None:
    firm = desk(store, tmp_path)
    story(firm)
    for audience in (None, "partners"):
        before = [form(report(firm, audience=audience)) for form in FORMS.values()]
        firm.wait(days=40)
        assert [form(report(firm, audience=audience)) for form in FORMS.values()] == before
    assert FORMS["md"](report(firm)) == (HERE / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("form", FORMS)
def test_clients_read_no_name_no_note_no_machine_and_nothing_said_to_others(told: Desk, form: str) -> None:
    written = FORMS[form](report(told, audience="partners"))
    assert [word for word in SECRETS if word in written] == []
    assert "a cable was loose" in written and "the portal for clients" in written
    others = FORMS[form](report(told, audience="portal-users"))
    assert "a secret of the others" in others and "cable" not in others


def test_roles_stand_for_names_and_who_has_left_is_an_operator(firm: Desk) -> None:
    firm.update()
    firm.write(1, EntryKind.MITIGATED, "x", "zoe")
    firm.write(1, EntryKind.RESOLVED, "x", "lexops")
    who = [line.who for line in report(firm, audience="partners").timeline]
    assert who == ["administrator", "administrator", "an operator", "LexOps"]


@pytest.mark.parametrize(
    ("author", "party"),
    [
        ("jo@acme.example", "the client"),
        ("alertmanager", "LexOps"),
        ("tracker jira", "LexOps"),
        ("trackera", "an operator"),
    ],
)
def test_who_is_no_operator_is_not_told_as_one(firm: Desk, author: str, party: str) -> None:
    firm.write(1, EntryKind.REOPENED, "x", author)
    assert [line.who for line in report(firm, audience="partners").timeline] == ["administrator", party]


def test_an_audience_that_was_told_nothing_reads_only_when_what_happened(firm: Desk) -> None:
    firm.update(audience="portal-users")
    firm.write(1, EntryKind.MITIGATED, "disk 7 taken out")
    firm.ask("incident.resolve", incident=1, note="disk 7 replaced")
    firm.ask("incident.reopen", incident=1, reason="again")
    found = report(firm, audience="partners")
    assert found.summary == "" and {line.what for line in found.timeline} == {
        "opened",
        "mitigated",
        "resolved",
        "reopened",
    }


def metrics(found: Postmortem) -> dict[str, tuple[timedelta | None, str]]:
    return {each.name: (each.span, each.note) for each in found.metrics}


def test_times_are_counted_by_the_wall_clock_from_the_opening(told: Desk) -> None:
    assert metrics(report(told)) == {
        "to acknowledge": (timedelta(minutes=5), ""),
        "to the first update": (timedelta(minutes=10), ""),
        # What had eased it was taken back by the re-opening.
        "to mitigate": (
            timedelta(minutes=165),
            "no mitigation was recorded: the resolution counts",
        ),
        "to resolve": (timedelta(minutes=165), "opened again once; this is the last resolution"),
    }


def test_of_an_open_incident_it_says_as_of_when_and_what_has_not_happened(firm: Desk) -> None:
    firm.wait(minutes=5)
    found = report(firm)
    assert found.as_of == firm.now and "As of 2026-03-02 09:05:00 GMT" in rendering_md.text(found)
    assert metrics(found) == {
        "to acknowledge": (None, "nobody took it"),
        "to the first update": (None, "nobody outside was told"),
        "to mitigate": (None, "it still does harm"),
        "to resolve": (None, "it is open"),
    }
    firm.write(1, EntryKind.MITIGATED, "restarted")
    assert metrics(report(firm))["to mitigate"] == (timedelta(minutes=5), "")


def test_a_cancelled_incident_was_not_resolved(firm: Desk) -> None:
    firm.ask("incident.cancel", incident=1, reason="a duplicate")
    found = report(firm)
    assert metrics(found)["to resolve"] == (timedelta(0), "it was cancelled")
    assert found.summary == "a duplicate"


def test_promises_are_told_with_due_and_end(told: Desk) -> None:
    kept = {each.clock: (each.state, each.contract) for each in report(told).promises}
    assert kept == {"response": ("kept", "C-12"), "resolution": ("broken", "C-12")}
    assert {each.contract for each in report(told, audience="partners").promises} == {""}


def test_no_report_without_an_incident(told: Desk) -> None:
    with pytest.raises(NotFound):
        report(told, 99)


# Untrusted text.


def test_hostile_text_is_text_in_every_form(told: Desk) -> None:
    for found in (report(told), report(told, audience="partners")):
        page = rendering_html.text(found)
        assert "<script" not in page and "&lt;script&gt;" in page
        html = reader.markdown(rendering_md.text(found), extensions=["tables"])
        assert "<script" not in html and "<a " not in html and "<b>" not in html
        assert "\x1b" not in page + html and "\u202e" not in page + html
        tags = set(re.findall(r"<(\w+)", html))
        assert tags <= {"h1", "h2", "p", "br", "ul", "li", "em", "table", "thead", "tbody", "tr", "th", "td"}


def test_a_bar_in_a_text_makes_no_column(told: Desk) -> None:
    rows = [line for line in rendering_md.text(report(told)).splitlines() if line.startswith("| 2026")]
    assert rows and {line.count("|") for line in rows} <= {4, 5}


@given(some.text(max_size=60))
@example("1. x")
@example("# x")
@example("- x")
@example("+ x")
@example("=== x")
@example("www.example.com http://x <b>*_`~$\\|[a](b)![c](d) &amp; &#42;")
@example("    x")
def test_markdown_shows_what_was_written_and_does_nothing_else(words: str) -> None:
    shown = reader.markdown(f"{markdown(words)}\n", extensions=["tables", "fenced_code"])
    assert re.findall(r"<(/?\w+)", shown) in ([], ["p", "/p"])
    text = unescape(re.sub(r"</?p>", "", shown))
    # A reader of Markdown strips blanks of its own at the ends.
    assert text.strip() == one_line(words, 10_000)


# Actions.


def actions(firm: Desk, of: int | None = None) -> list[Action]:
    with firm.store.read() as connection:
        return known_actions(connection, of)


def test_an_action_is_a_ticket_of_its_own_that_knows_where_it_came_from(store: Store, tmp_path: Path) -> None:
    firm = desk(store, tmp_path)
    firm.open()
    said = firm.ask("incident.action", incident=1, title="Buy cables", owner="sam", due="2026-03-20")
    assert said == "incident #2: action of #1, for sam, due 2026-03-21 00:00 GMT"
    (found,) = actions(firm)
    assert (found.id, found.of, found.title, found.owner, found.is_open) == (2, 1, "Buy cables", "sam", True)
    assert found.due == at("2026-03-21T00:00")
    assert [each.kind for each in firm.timeline(2)] == [
        EntryKind.OPENED,
        EntryKind.LINKED,
        EntryKind.ASSIGNED,
    ]
    (there,) = firm.entries(EntryKind.LINKED, 1)
    assert there.text == "action: incident #2, due 2026-03-21 00:00 GMT"
    assert firm.timeline(2)[0].data["priority"] == "P4"


def test_who_opens_an_action_for_themselves_has_taken_it(firm: Desk) -> None:
    firm.ask("incident.action", incident=1, title="x", owner="ana")
    assert firm.entries(EntryKind.ACKNOWLEDGED, 2)


def test_actions_come_open_ones_first_by_when_they_are_due(firm: Desk) -> None:
    firm.open()
    firm.ask("incident.action", incident=1, title="in a fortnight", due="14d")
    firm.ask("incident.action", incident=1, title="done")
    firm.ask("incident.action", incident=2, title="no hurry")
    firm.ask("incident.action", incident=2, title="soon", due="1d")
    firm.ask("incident.resolve", incident=4, note="done")
    assert [each.id for each in actions(firm)] == [6, 3, 5, 4]
    assert [each.id for each in actions(firm, 1)] == [3, 4]
    assert [each.is_overdue(firm.now) for each in actions(firm)] == [False] * 4
    firm.wait(days=14)
    assert [each.id for each in actions(firm) if each.is_overdue(firm.now)] == [6, 3]


def test_an_impossible_action_is_refused(firm: Desk) -> None:
    impossible: list[tuple[dict[str, object], str]] = [
        ({"incident": 99}, "no incident #99"),
        ({"owner": "zoe"}, "zoe is no operator"),
        ({"due": "yesterday"}, "due: 'yesterday' is no time"),
        ({"due": "2026-01-01"}, "is over"),
        ({"title": " \n"}, "needs title"),
    ]
    for given_, words in impossible:
        with pytest.raises(LexOpsError, match=words):
            firm.ask("incident.action", **({"incident": 1, "title": "x"} | given_))
    assert actions(firm) == []
