"""The SLA mode, and the countdowns wherever a ticket shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from textual.containers import VerticalScroll

from lexops.auth.identity import Session
from lexops.errors import StoreError
from lexops.incidents.model import State
from lexops.site import Site
from lexops.sla.model import ClockKind, ClockState, Facts
from lexops.sla.report import Month
from lexops.sla.view import Restatement, SoFar, Ticket
from lexops.store.database import Store
from lexops.tui.feed import Feed
from lexops.tui.places import ExplanationPlace, IncidentPlace
from lexops.tui.site_port import SitePort
from lexops.tui.snapshot import Snapshot, Trouble
from lexops.tui.widgets.panel import Panel
from tests.clock import ManualClock
from tests.sla.desk import Desk as Firm
from tests.sla.desk import desk as firm
from tests.tui.conftest import desk
from tests.tui.duty import duty
from tests.tui.port import INCIDENTS, NOW, FakePort, FixedClock, clock, month_report, objective, tickets
from tests.tui.test_hostile import NASTY, hostile_port

SIZES = [(80, 24), (100, 30), (160, 50)]
VIEWS = [("n", "SlaScreen"), ("m", "MonthScreen"), ("t", "AttainmentScreen"), ("b", "BudgetsScreen")]
BROKEN = StoreError("the policy standard is damaged", hint="see: lexops sla policy list")


def many(count: int) -> tuple[Ticket, ...]:
    facts = [Facts("P2", f"client-{n % 7}") for n in range(count)]
    return tuple(
        Ticket(
            replace(INCIDENTS[0], id=n + 1, title=f"Ticket {n}"), (clock(left=60 + n % 3000, facts=facts[n]),)
        )
        for n in range(count)
    )


# Countdowns


async def test_the_header_counts_down_to_the_next_breach() -> None:
    async with desk() as d:
        assert "next breach 00:41" in d.panel("Header")
        d.clock.at = NOW + timedelta(minutes=5)
        d.console.redraw()
        await d.settle()
        assert "next breach 00:36" in d.panel("Header")


async def test_a_countdown_reads_nothing_and_changes_nothing_within_its_minute() -> None:
    async with desk(clock=FixedClock(NOW + timedelta(seconds=1))) as d:
        before, reads = d.panel("Header"), d.port.reads
        lines = [d.list("needs-list").line_text(n) for n in range(4)]
        assert "next breach 00:40" in before
        d.clock.at = NOW + timedelta(seconds=25)
        d.console.redraw()
        await d.settle()
        assert d.panel("Header") == before and d.port.reads == reads
        assert [d.list("needs-list").line_text(n) for n in range(4)] == lines


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_overdue_is_in_sight_everywhere(size: tuple[int, int]) -> None:
    late = Ticket(INCIDENTS[1], (clock(ClockKind.RESOLUTION, -12, ClockState.OVERDUE),))
    async with desk(FakePort(clocks=(late, *tickets()[:2])), size) as d:
        for key in ("1", "2", "3", "9", "0"):
            await d.press(key)
            assert "✖ 1 overdue" in d.panel("Header")


async def test_clocks_that_cannot_be_read_are_said_and_hide_nothing_else() -> None:
    async with desk(FakePort(unclear=BROKEN)) as d:
        assert "▲ clocks unknown" in d.panel("Header") and "#41 Replication lag" in d.screen_text()
        await d.press("3", "enter")
        assert "the policy standard is damaged" in d.screen_text() and "TIMELINE" in d.screen_text()
        await d.press("9")
        assert "the policy standard is damaged" in d.panel("#unread")
        assert "no clock runs" not in d.screen_text() and "0 clocks" not in d.screen_text()
        d.port.unclear = None
        d.port.change()
        await d.until(lambda: "next breach" in d.panel("Header"))
        await d.settle()
        assert not d.console.screen.query_one("#unread", Panel).display


async def test_the_overview_says_when_what_needs_you_is_due() -> None:
    async with desk() as d:
        text = d.screen_text()
        assert "P1 #41" in text and "resp. 00:41" in text and "P3 #38" in text and "due 2 d" in text


async def test_what_somebody_has_taken_needs_you_again_when_it_is_about_to_be_late() -> None:
    def taken(left: int, state: ClockState) -> FakePort:
        return FakePort(clocks=(Ticket(INCIDENTS[1], (clock(ClockKind.RESOLUTION, left, state),)),))

    async with desk(taken(90, ClockState.RUNNING)) as d:
        assert "#39" not in d.screen_text()
    async with desk(taken(10, ClockState.RUNNING)) as d:
        assert "#39" in d.screen_text() and "due 00:10" in d.screen_text()
    async with desk(taken(-3, ClockState.OVERDUE)) as d:
        first = d.list("needs-list").rows[0]
        assert first.place == IncidentPlace(39) and first.remark == "over 00:03"


@pytest.mark.parametrize("size", SIZES)
async def test_the_list_of_incidents_says_what_is_due_next(size: tuple[int, int]) -> None:
    async with desk(size=size) as d:
        await d.press("3")
        text = d.screen_text()
        assert "resp. 00:41" in text and "due 2 d" in text and "paused" in text and "ana" in text


@pytest.mark.parametrize("size", SIZES)
async def test_the_overview_says_how_the_month_stands(size: tuple[int, int]) -> None:
    async with desk(FakePort(on_duty=duty(month=SoFar(54, 1))), size) as d:
        assert "98.2 % this month, 1 broken" in d.screen_text() and "record" in d.screen_text()
    async with desk(FakePort(on_duty=duty(month=SoFar(0, 0))), size) as d:
        assert "nothing was due this month yet" in d.screen_text()
    async with desk(FakePort(on_duty=duty()), size) as d:
        assert "this month" not in d.screen_text()


async def test_without_promises_the_list_of_incidents_has_no_column_for_them() -> None:
    async with desk(FakePort(clocks=())) as d:
        await d.press("3")
        assert " due " not in d.screen_text() and "next breach" not in d.screen_text()


async def test_an_incident_shows_its_clocks_with_the_exact_due_time_of_the_site() -> None:
    async with desk() as d:
        await d.press("3", "enter")
        text = d.screen_text()
        for said in (
            "CLOCKS",
            "00:41",
            "2026-11-21 15:43:09 CET",
            "65 %",
            "standard revision 2, 4.2",
            "client acme",
        ):
            assert said in text, said
        await d.press("escape", "down", "down", "enter")
        assert "nothing due while it waits" in d.screen_text() and "✔ met" in d.screen_text()


async def test_an_incident_for_which_nothing_was_promised_says_so() -> None:
    async with desk(FakePort(clocks=())) as d:
        await d.press("3", "enter")
        assert "nothing was promised for it" in d.screen_text()


# Acting


@pytest.mark.parametrize(
    ("key", "title"),
    [
        ("p", "Wait for the client"),
        ("c", "Classify an incident"),
        ("u", "Note an answer to the client"),
        ("U", "Note a client's question"),
        ("X", "Cancel an incident"),
        ("n", "Write a note"),
        ("x", "Resolve incident"),
    ],
)
@pytest.mark.parametrize("page", [IncidentPlace(41), ExplanationPlace(41)])
async def test_the_keys_of_an_incident_ask_for_operations(key: str, title: str, page: object) -> None:
    async with desk(size=(120, 40)) as d:
        await d.console.go(page)  # type: ignore[arg-type]
        await d.settle()
        await d.press(key)
        assert d.here == "FormScreen" and title in d.screen_text() and "41" in d.screen_text()


async def test_waiting_is_asked_for_with_its_reason() -> None:
    async with desk() as d:
        await d.press("3", "enter", "p", "~the bank", "enter", "enter", "enter")
        await d.until(lambda: d.port.asked)
        assert d.port.asked == [("incident.pause", {"incident": 41, "reason": "the bank"})]


async def test_going_on_and_re_opening_are_offered_only_where_they_can_be() -> None:
    waits = replace(INCIDENTS[0], state=State.WAITING)
    async with desk(FakePort(open=(waits,)), (110, 120)) as d:
        await d.press("3", "enter")
        assert "r go on" in d.screen_text()
        await d.press("R", "p")
        assert d.here == "IncidentScreen"
        await d.press("question_mark")
        said = " ".join(d.panel("#help-lines").split())
        assert "it waits already" in said and "it is not resolved; it is waiting" in said
        await d.press("escape", "r")
        assert "Go on after waiting" in d.screen_text()
    async with desk() as d:
        await d.console.go(IncidentPlace(17))
        await d.settle()
        await d.press("R")
        assert "Re-open an incident" in d.screen_text()


# The clocks


async def test_the_clocks_are_listed_by_what_breaks_first() -> None:
    async with desk() as d:
        await d.press("9")
        rows = d.list("clocks").rows
        assert [(row.incident.id, row.clock.kind) for row in rows] == [
            (41, ClockKind.RESPONSE),
            (41, ClockKind.RESOLUTION),
            (38, ClockKind.RESOLUTION),
            (39, ClockKind.RESOLUTION),
        ]
        assert "4 clocks, 1 paused" in d.screen_text()


@pytest.mark.parametrize(
    ("needle", "count"),
    [("client:acme", 2), ("clock:response", 1), ("is:paused", 1), ("certificate", 1), ("!client:acme", 2)],
)
async def test_clocks_are_filtered_by_client_kind_and_state(needle: str, count: int) -> None:
    async with desk() as d:
        await d.press("9", "slash", f"~{needle}", "enter")
        assert len(d.list("clocks").rows) == count
        assert f"{count} of 4 clocks" in d.screen_text()
        await d.press("c")
        assert len(d.list("clocks").rows) == 4


async def test_a_clock_leads_to_its_explanation_and_to_its_incident() -> None:
    async with desk() as d:
        await d.press("9", "down", "enter")
        assert d.here == "ExplanationScreen" and "resolution ▸ running" in d.panel("#crumbs")
        await d.press("escape", "o")
        assert d.here == "IncidentScreen" and "SLA › #41" in d.screen_text()


async def test_a_clock_can_be_answered_and_taken_from_the_list() -> None:
    async with desk() as d:
        await d.press("9", "a")
        await d.until(lambda: d.port.asked == [("incident.acknowledge", {"incident": 41})])
        await d.press("u")
        assert "Note an answer to the client" in d.screen_text()


async def test_ten_thousand_clocks_scroll_and_are_filtered() -> None:
    async with desk(FakePort(clocks=many(10_000)), (80, 24)) as d:
        await d.press("9")
        clocks = d.list("clocks")
        assert clocks.total == 10_000 and "10,000 clocks" in d.screen_text()
        await d.press("end")
        assert clocks.cursor == 9_999 and f"#{clocks.current.incident.id}" in d.screen_text()
        await d.press("pageup", "slash", "~client:client-3", "enter")
        await d.until(lambda: len(clocks.rows) < 2_000)
        assert {row.clock.facts.client for row in clocks.rows} == {"client-3"}


async def test_without_clocks_the_mode_says_what_that_means() -> None:
    async with desk(FakePort(clocks=())) as d:
        await d.press("9")
        assert "no clock runs" in d.screen_text()
        await d.press("enter", "o", "a")
        assert d.here == "SlaScreen" and d.port.asked == []


# Explained


async def test_an_explanation_shows_one_clock_in_full_and_the_next_on_a_key() -> None:
    async with desk(size=(100, 40)) as d:
        await d.press("9", "enter")
        text = d.screen_text()
        for said in (
            "SLA › #41 › explained",
            "Opened as P1.",
            "STRETCH BY STRETCH",
            "to come",
            "OTHER CLOCKS",
        ):
            assert said in text, said
        await d.press("m")
        assert "Promised: resolution within 2 h" in d.screen_text()
        await d.press("m")
        assert "Promised: response within 2 h" in d.screen_text()


async def test_an_explanation_scrolls() -> None:
    known = FakePort().explanation(41)
    long = replace(known, told=tuple(replace(each, lines=each.lines * 40) for each in known.told))
    async with desk(FakePort(told={41: long}), (80, 24)) as d:
        await d.press("9", "enter")
        assert "OTHER CLOCKS" not in d.screen_text()
        await d.press("end")
        assert "OTHER CLOCKS" in d.screen_text()


async def test_from_an_explanation_back_to_its_incident_nothing_piles_up() -> None:
    async with desk() as d:
        await d.press("3", "enter", "e")
        assert d.here == "ExplanationScreen"
        await d.press("o")
        assert d.here == "IncidentScreen" and len(d.console.screen_stack) == 2


async def test_an_incident_in_the_list_is_explained_on_a_key() -> None:
    async with desk() as d:
        await d.press("3", "e")
        assert d.here == "ExplanationScreen" and "response ▸ running" in d.panel("#crumbs")


async def test_what_cannot_be_explained_is_said() -> None:
    async with desk() as d:
        d.port.unclear = BROKEN
        await d.press("9", "enter")
        assert "the policy standard is damaged" in d.panel("#page")
        assert "lexops sla policy list" in d.panel("#page")


# The month


@pytest.mark.parametrize("size", SIZES)
async def test_the_month_has_days_numbers_and_broken_promises(size: tuple[int, int]) -> None:
    async with desk(size=size) as d:
        await d.press("9", "m")
        text = d.screen_text()
        for said in (
            "month › November 2026",
            "so far",
            "█3",
            "▄1",
            "all kept",
            "98.0 %",
            "BROKEN",
            "#33",
            "vendor",
        ):
            assert said in text, said
        assert d.list("breaches").has_focus
        await d.press("enter")
        assert d.here == "ExplanationScreen"
        await d.press("escape", "o")
        assert d.here == "IncidentScreen"


async def test_months_are_changed_but_not_beyond_this_one() -> None:
    async with desk() as d:
        await d.press("9", "m")
        await d.press("greater_than_sign")
        assert "November 2026" in d.screen_text()
        await d.press("less_than_sign", "less_than_sign")
        assert "September 2026" in d.screen_text() and "not closed" in d.screen_text()
        await d.press("greater_than_sign")
        assert "October 2026" in d.screen_text()
        assert d.port.months == ["2026-11", "2026-10", "2026-09", "2026-10"]


async def test_a_month_is_read_again_once_a_minute_at_most_and_only_when_something_happened() -> None:
    async with desk() as d:
        await d.press("9", "m")
        d.port.change()
        await d.until(lambda: d.console.snapshot and d.console.snapshot.event == d.port.event)
        await d.settle()
        assert len(d.port.months) == 1
        d.clock.at = NOW + timedelta(minutes=2)
        d.console.redraw()
        await d.settle()
        assert len(d.port.months) == 2
        d.clock.at = NOW + timedelta(minutes=9)
        d.console.redraw()
        await d.settle()
        assert len(d.port.months) == 2


async def test_a_month_that_was_asked_for_before_another_one_is_not_shown() -> None:
    async with desk() as d:
        await d.press("9", "m")
        screen = d.console.screen
        screen.post_message(screen.Read(month_report("2020-01"), -1))  # type: ignore[attr-defined]
        await d.settle()
        assert screen.known.month == "2026-11"  # type: ignore[attr-defined]


async def test_a_month_is_a_filter_of_its_broken_promises() -> None:
    async with desk() as d:
        await d.press("9", "m", "slash", "~by:vendor", "enter")
        assert [row.incident for row in d.list("breaches").rows] == [33] and "1 of 2" in d.screen_text()


async def test_a_closed_month_says_so_and_what_was_restated() -> None:
    def closed(month: str, **more: object) -> object:
        return month_report(month, closed=NOW, digest="ab" * 32, **more)

    async with desk(FakePort(report_of=lambda month: closed(month))) as d:  # type: ignore[arg-type,return-value]
        await d.press("9", "m")
        assert "✔ closed" in d.panel("#crumbs")
    changed = (Restatement("all response", "98.0 %", "97.5 %"),)
    port = FakePort(report_of=lambda month: closed(month, restatements=changed))  # type: ignore[arg-type,return-value]
    async with desk(port, (160, 50)) as d:
        await d.press("9", "m")
        assert "▲ closed, 1 restatement" in d.panel("#crumbs")
        assert "restated: all response: 98.0 %, now 97.5 %" in d.screen_text()
    port = FakePort(report_of=lambda month: closed(month, tampered="TAMPERED: changed"))  # type: ignore[arg-type,return-value]
    async with desk(port, (160, 50)) as d:
        await d.press("9", "m")
        assert "tampered" in d.panel("#crumbs") and "✖ TAMPERED: changed" in d.screen_text()
    port = FakePort(report_of=lambda month: closed(month, tampered="NOT PROVEN: no answer"))  # type: ignore[arg-type,return-value]
    async with desk(port, (160, 50)) as d:
        await d.press("9", "m")
        assert "? closed, not proven" in d.panel("#crumbs") and "tampered" not in d.screen_text()
        assert "? NOT PROVEN: no answer" in d.screen_text()


async def test_a_month_without_promises_is_empty_and_a_failed_one_is_said() -> None:
    empty = FakePort(
        report_of=lambda month: month_report(month, days=(), attainments=(), breaches=(), trend=())
    )
    async with desk(empty) as d:
        await d.press("9", "m")
        for said in ("no promise came to its end", "nothing was promised", "no promise was broken"):
            assert said in d.screen_text()
        await d.press("enter", "o")
        assert d.here == "MonthScreen"
        await d.press("t")
        assert "nothing that was promised has come to its end" in d.screen_text()
    async with desk() as d:
        d.port.unclear = BROKEN
        for key in "mtb":
            await d.press("9", key)
            assert "the policy standard is damaged" in d.panel("#unread")
            assert "not read yet" in d.screen_text() and "nothing that" not in d.screen_text()


async def test_what_is_shown_stays_when_it_cannot_be_read_again() -> None:
    async with desk() as d:
        await d.press("9", "m")
        d.port.unclear = BROKEN
        d.clock.at = NOW + timedelta(minutes=5)
        d.port.change()
        await d.until(lambda: "the policy standard is damaged" in d.screen_text())
        assert "98.0 %" in d.screen_text()
        d.port.unclear = None
        d.port.change()
        await d.until(lambda: "the policy standard is damaged" not in d.screen_text())


# Trend and budgets


@pytest.mark.parametrize("size", SIZES)
async def test_the_trend_is_plotted_and_each_month_leads_to_its_page(size: tuple[int, int]) -> None:
    async with desk(size=size) as d:
        await d.press("9", "t")
        text = d.screen_text()
        assert "100 % │" in text and "90 % │" in text and "November 2026" in text and "99.5 %" in text
        await d.press("down", "enter")
        assert d.here == "MonthScreen" and "October 2026" in d.screen_text()
        await d.press("escape")
        assert d.here == "AttainmentScreen"


@pytest.mark.parametrize("size", SIZES)
async def test_budgets_show_what_is_left_and_how_fast_it_burns(size: tuple[int, int]) -> None:
    async with desk(size=size) as d:
        await d.press("9", "b")
        text = d.screen_text()
        for said in ("▲ burning", "99.953 %", "53 %", "✖ down", "-39 %", "? unknown", "n/a", "1 missed"):
            assert said in text, said
        assert "billing-db, portal" in d.panel("#objective") and "▲ too fast" in d.panel("#objective")
        await d.press("down", "down")
        assert "nothing is known of it" in d.panel("#objective")


async def test_budgets_are_read_again_though_nothing_happens() -> None:
    async with desk() as d:
        await d.press("9", "b")
        assert "53 %" in d.screen_text()
        d.port.promised = (objective(down=43.0),)
        d.clock.at = NOW + timedelta(seconds=59)
        d.console.redraw()
        await d.settle()
        assert "53 %" in d.screen_text()
        d.clock.at = NOW + timedelta(minutes=1)
        d.console.redraw()
        await d.until(lambda: "53 %" not in d.screen_text())


async def test_a_site_without_objectives_is_told_how_to_have_some() -> None:
    async with desk(FakePort(promised=())) as d:
        await d.press("9", "b")
        assert "[objectives.NAME]" in d.screen_text()


async def test_a_service_that_no_check_watches_is_named() -> None:
    async with desk(FakePort(promised=(objective(unseen=("fax",)),))) as d:
        await d.press("9", "b")
        assert "no check counts on fax" in d.panel("#objective")


# All of them


async def test_views_follow_one_another_and_do_not_pile_up() -> None:
    async with desk() as d:
        await d.press("9")
        for key, screen in (*VIEWS[1:], *reversed(VIEWS[1:-1]), *VIEWS[:1]):
            await d.press(key)
            assert d.here == screen and len(d.console.screen_stack) <= 2
        await d.press("b", "escape")
        assert d.here == "SlaScreen"


@pytest.mark.parametrize(
    ("typed", "screen"),
    [
        ("sla", "SlaScreen"),
        ("sla month", "MonthScreen"),
        ("sla trend", "AttainmentScreen"),
        ("sla budgets", "BudgetsScreen"),
    ],
)
async def test_the_colon_jumps_to_each_view(typed: str, screen: str) -> None:
    async with desk() as d:
        await d.press("colon", f"~{typed}")
        await d.press("enter")
        assert d.here == screen


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("text", [NASTY[0], NASTY[3], NASTY[9]], ids=["markup", "escapes", "wide"])
async def test_no_view_is_broken_by_hostile_text(text: str, size: tuple[int, int]) -> None:
    async with desk(hostile_port(text), size) as d:
        await d.press("9")
        for keys in (("enter",), ("escape", "m"), ("t",), ("b",), ("n",)):
            await d.press(*keys)
            lines = d.screen_text().split("\n")
            assert len(lines) == size[1] and "? help" in lines[-1]
            assert not any(ord(sign) < 0x20 for line in lines for sign in line)
        assert not d.crashes


async def test_the_parts_of_the_month_are_reached_by_tab() -> None:
    async with desk(size=(80, 24)) as d:
        await d.press("9", "m", "tab")
        assert isinstance(d.console.focused, VerticalScroll)
        await d.press("tab", "tab")
        assert d.list("breaches").has_focus


# A real site


@pytest.fixture
def office(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Firm:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return firm(store, tmp_path)


def port(office: Firm) -> SitePort:
    world = office.world
    return SitePort(
        Site(world.gate.file, world.clock, world.store, world.gate, Session("sam", "key", "sam's"))
    )


async def test_a_real_ticket_counts_down_is_paused_and_explained(office: Firm) -> None:
    office.set()
    number = office.open(priority="P1", client="acme", who="sam")
    async with desk(port(office), (110, 36), clock=office.world.clock) as d:
        assert "next breach 00:15" in d.panel("Header")
        await d.press("9")
        assert [row.clock.kind for row in d.list("clocks").rows] == [ClockKind.RESPONSE, ClockKind.RESOLUTION]
        office.wait(minutes=20)
        office.ask("incident.pause", "sam", incident=number, reason="the client's bank")
        await d.until(lambda: "✖ 1 overdue" in d.panel("Header"))
        await d.until(lambda: "1 paused" in d.screen_text())
        office.wait(minutes=10)
        await d.press("down", "enter")
        text = d.screen_text()
        assert "the client's bank" in text and "resolution … paused 3:40" in d.panel("#crumbs")
        await d.press("9", "9", "m")
        month = Month.of(office.now, office.file.zone)
        assert month.words in d.screen_text() and not d.crashes
        await d.press("b")
        assert "no objectives" in d.screen_text()


# Reading


def test_clocks_that_take_long_to_read_are_read_less_often_and_still_follow_what_happened() -> None:
    time = ManualClock()

    class Slow(FakePort):
        def tickets(self) -> Sequence[Ticket]:
            time.advance(seconds=1)
            return self.clocks

    def take(news: Snapshot | Trouble) -> None:
        assert isinstance(news, Snapshot)
        seen.append(news)

    slow, seen = Slow(), list[Snapshot]()
    feed = Feed(slow, take, monotonic=time.monotonic)
    feed._look()
    slow.change()
    slow.clocks = ()
    feed._look()
    assert seen[1].event == slow.event and seen[1].clocks == seen[0].clocks != ()
    feed._look()
    assert len(seen) == 2
    time.advance(seconds=10)
    feed._look()
    assert len(seen) == 3 and seen[2].clocks == ()
