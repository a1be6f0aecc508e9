"""Every key of every screen, over a site like the one in the drawings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest
from textual.events import Key
from textual.widgets import Button, Input

from lexops import tui
from lexops.checks.model import Status
from lexops.checks.view import WorkerRow
from lexops.errors import StoreError
from lexops.tui.edge import Edge
from lexops.tui.ink import cells, plain
from lexops.tui.places import CheckPlace, IncidentPlace, ModePlace, Place, TargetPlace
from lexops.tui.presenters.check import detail_lines
from lexops.tui.screens.room import Room
from lexops.tui.ways import ROOMS
from lexops.tui.widgets.filter_bar import FilterBar
from tests.tui.conftest import desk
from tests.tui.port import (
    CHECK,
    NOW,
    REFUSED,
    TARGET,
    ZONE,
    FakeOperation,
    FakeParameter,
    FakePort,
    ago,
    detail,
    fleet,
    preview,
    row,
)


async def test_the_overview_shows_what_is_wrong_and_what_waits() -> None:
    async with desk() as d:
        text = d.screen_text()
        for said in ("PRODUCTION", "Demo & Partners", "worker alive", "3 open incidents", "ana, support"):
            assert said in text
        assert "✖ CRITICAL billing-db Replication lag" in text
        assert "? UNKNOWN  web-2" in text
        assert "#41 Replication lag" in text
        assert "100 of 105" in text and "97 ok, 3 failing" in text and "1 stale" in text
        assert d.list("now-list").has_focus


async def test_checks_behind_an_unreachable_target_are_counted_not_listed() -> None:
    async with desk() as d:
        assert len(d.list("now-list").rows) == 4
        assert "3 more behind unreachable targets" in d.screen_text()


@pytest.mark.parametrize(
    ("key", "screen"),
    [
        ("1", "OverviewScreen"),
        ("2", "HealthScreen"),
        ("3", "IncidentsScreen"),
        ("9", "SlaScreen"),
        ("0", "AuditScreen"),
    ],
)
async def test_number_keys_lead_to_the_modes(key: str, screen: str) -> None:
    async with desk() as d:
        await d.press(key)
        assert d.here == screen


def test_every_place_is_shown_somewhere() -> None:
    assert {*ROOMS, ModePlace, TargetPlace} == set(get_args(Place))


async def test_enter_leads_down_and_escape_back() -> None:
    async with desk() as d:
        await d.press("enter")
        assert d.here == "CheckScreen"
        assert "Overview › billing-db › postgresql.replication_lag" in d.screen_text()
        assert "✖ CRITICAL 12 m" in d.screen_text()
        await d.press("escape")
        assert d.here == "OverviewScreen"
        assert d.list("now-list").has_focus


async def test_tab_moves_between_the_lists_and_each_opens_its_own_things() -> None:
    async with desk() as d:
        await d.press("tab")
        assert d.list("needs-list").has_focus
        await d.press("enter")
        assert d.here == "IncidentScreen"
        await d.press("escape", "tab", "down", "enter")
        assert d.here == "HealthScreen"
        assert d.console.screen.query_one(FilterBar).text == "target:trust-db"
        assert {each.target for each in d.list("checks").rows} == {"trust-db"}


async def test_the_filter_is_live_visible_and_cleared_by_c_or_escape() -> None:
    async with desk() as d:
        await d.press("2", "slash", "~lag")
        assert len(d.list("checks").rows) == 2
        await d.press("enter")
        assert "/ lag" in d.screen_text() and "2 of 106 checks" in d.screen_text()
        assert d.list("checks").has_focus
        await d.press("c")
        assert len(d.list("checks").rows) == 106 and "/ lag" not in d.screen_text()
        await d.press("slash", "~zzz", "enter")
        assert "nothing matches the filter" in d.screen_text()
        await d.press("escape")
        assert len(d.list("checks").rows) == 106
        await d.press("slash", "x", "escape")
        assert len(d.list("checks").rows) == 106


async def test_health_sorts_by_severity_target_and_newest_change() -> None:
    async with desk() as d:
        await d.press("2")
        assert d.list("checks").rows[0].status is Status.CRITICAL
        await d.press("s")
        assert "by target" in d.screen_text()
        assert [each.target for each in d.list("checks").rows] == sorted(
            each.target for each in d.list("checks").rows
        )
        await d.press("s")
        assert d.list("checks").rows[0].since == ago(minutes=4)
        await d.press("s")
        assert "by severity" in d.screen_text()


async def test_the_check_page_has_everything() -> None:
    async with desk(size=(100, 60)) as d:
        await d.press("enter")
        text = d.screen_text()
        for said in (
            "MEANS",
            "WHY",
            "SEEN",
            "NOTE",
            "HINT",
            "MEND",
            "RUNBOOK",
            "RELATED",
            "HISTORY",
            "warn 60",
            "crit 300",
            "site, lexops.toml",
            "15:02 CET",
            "┄",
            "incident #41",
            "production",
        ):
            assert said in text, said
        await d.press("m")
        assert "held WAL" in d.screen_text()


def test_a_long_sentence_on_the_page_of_a_check_gives_way_to_when_it_was() -> None:
    known, long = detail(fleet().checks[0]), "very much to say " * 9
    cut = replace(
        known,
        definition=replace(known.definition, source=long),
        related=tuple(replace(each, summary=long) for each in known.related),
        history=tuple(replace(each, summary=long) for each in known.history),
    )
    lines = detail_lines(cut, NOW, ZONE, 80, 24)
    text = [plain(each) for each in lines]
    assert max(cells(each) for each in lines) <= 80
    assert " ".join(" ".join(text).split()).count("very much to say") >= 9
    assert next(each for each in text if "host.ssh" in each).endswith("…  for 4 m")
    assert text[-1].endswith("CET") and text[-2].endswith("CET")


async def test_keys_of_a_check_ask_for_operations() -> None:
    async with desk() as d:
        await d.press("enter", "r")
        place = {"target": "billing-db", "check": "postgresql.replication_lag"}
        await d.until(lambda: d.port.asked == [("check.run", place)])
        await d.press("a")
        assert d.here == "FormScreen"
        await d.press("~known", "enter", "enter")
        await d.until(lambda: len(d.port.asked) == 2)
        assert d.port.asked[1] == ("check.acknowledge", {**place, "reason": "known"})
        await d.settle()
        assert d.here == "CheckScreen"
        await d.press("d", "~30", "tab", "~disk", "enter", "enter")
        await d.until(lambda: len(d.port.asked) == 3)
        assert d.port.asked[2] == (
            "check.downtime",
            {"target": "billing-db", "minutes": 30, "reason": "disk"},
        )
        await d.settle()
        await d.press("i")
        assert d.here == "IncidentScreen"


@pytest.mark.parametrize("keys", [("enter",), ("2",), ("2", "v")])
async def test_downtime_is_of_the_whole_target_unless_somebody_types_a_check(keys: tuple[str, ...]) -> None:
    given = (TARGET, FakeParameter("minutes", int), FakeParameter("check", required=False))
    downtime = FakeOperation("check.downtime", "Announce downtime", "change", given)
    async with desk(FakePort(offered=(downtime,))) as d:
        await d.press(*keys)
        room = d.console.screen
        assert isinstance(room, Room)
        while "check" not in room.subject():
            await d.press("down")
        target = room.subject()["target"]
        await d.press("d", "~30", "enter", "enter", "enter")
        await d.until(lambda: d.port.asked)
        assert d.port.asked == [("check.downtime", {"target": target, "minutes": 30})]


async def test_while_a_filter_is_typed_the_foot_names_no_key_that_would_be_typed_into_it() -> None:
    async with desk() as d:
        await d.press("2", "slash")
        assert "enter keep" in d.panel("KeyLine") and "/ filter" not in d.panel("KeyLine")
        await d.press("slash", "enter")
        assert "/ filter" in d.panel("KeyLine")


async def test_the_key_of_live_sessions_is_explained_where_there_are_none() -> None:
    async with desk(size=(160, 30)) as d:
        await d.press("2")
        assert "l live" in d.panel("KeyLine")
        d.list("checks").filter("portal")
        await d.settle()
        assert "l live" not in d.panel("KeyLine")
        await d.press("l")
        assert d.here == "HealthScreen"
        await d.press("question_mark")
        assert "only databases have sessions" in " ".join(d.panel("#help-lines").split())


async def test_an_incident_can_be_opened_from_a_check_without_one() -> None:
    async with desk() as d:
        await d.console.go(CheckPlace("portal", "endpoint.certificate"))
        await d.settle()
        await d.press("i")
        assert d.here == "FormScreen" and "portal" in d.screen_text()


async def test_keys_of_the_health_list_ask_for_operations() -> None:
    async with desk() as d:
        await d.press("2", "r")
        await d.until(lambda: d.port.asked and d.port.asked[0][0] == "check.run")
        for key, title in (("a", "Acknowledge"), ("d", "Announce downtime")):
            await d.press(key)
            assert d.here == "FormScreen" and title in d.screen_text()
            await d.press("escape")


async def test_findings_are_counted_and_all_of_them_can_be_read() -> None:
    async with desk() as d:
        await d.console.go(CheckPlace("billing-db", "billing.INV-01"))
        await d.settle()
        await d.press("pagedown", "pagedown")
        assert "and 312 more" in d.panel("#page")
        await d.press("f")
        assert d.here == "FindingsScreen" and d.list("findings").total == 320
        assert "320 findings" in d.screen_text()
        await d.press("end")
        assert "invoice:319" in d.screen_text() and "client" in d.panel("#finding")
        await d.press("slash", "~differs by 0.09", "enter")
        assert "of 320 findings" in d.screen_text()


async def test_incidents_open_and_all() -> None:
    async with desk() as d:
        await d.press("3")
        assert [each.id for each in d.list("incidents").rows] == [41, 38, 39]
        await d.press("t")
        assert [each.id for each in d.list("incidents").rows] == [41, 38, 39, 17]
        assert "RESOLVED" in d.screen_text().upper()
        await d.press("t")
        assert len(d.list("incidents").rows) == 3


async def test_keys_of_incidents_ask_for_operations() -> None:
    async with desk() as d:
        await d.press("3", "a")
        await d.until(lambda: d.port.asked == [("incident.acknowledge", {"incident": 41})])
        await d.press("n", "~seen", "enter", "enter")
        await d.until(lambda: len(d.port.asked) == 2)
        assert d.port.asked[1] == ("incident.note", {"incident": 41, "text": "seen"})
        await d.settle()
        await d.press("x")
        assert d.here == "FormScreen" and "Resolve incident" in d.screen_text()
        await d.press("escape", "o", "~Mail is late", "enter", "down")
        assert d.here == "FormScreen"


async def test_an_incident_tells_its_story_and_leads_to_its_check() -> None:
    async with desk() as d:
        await d.press("3", "enter")
        text = d.screen_text()
        assert "TIMELINE" in text and "Slot web2 has been inactive" in text and "Incidents › #41" in text
        for key, title in (("n", "Write a note"), ("x", "Resolve incident")):
            await d.press(key)
            assert title in d.screen_text()
            await d.press("escape")
        await d.press("a")
        await d.until(lambda: d.port.asked)
        await d.press("enter")
        assert d.here == "CheckScreen"


async def test_a_form_begins_in_its_first_field_and_a_stray_enter_asks_for_nothing() -> None:
    async with desk() as d:
        await d.press("enter", "a")
        assert isinstance(d.console.focused, Input)
        assert "billing-db" in d.screen_text() and "PRODUCTION" in d.screen_text()
        await d.press("enter", "enter")
        assert d.here == "FormScreen" and d.port.asked == []


async def test_what_cannot_be_undone_is_never_one_key_away_and_begins_at_cancel() -> None:
    drop = FakeOperation("check.run", "Drop the database", "destroy", (TARGET, CHECK))
    async with desk(FakePort(offered=(drop,), shown=preview(plan=()))) as d:
        await d.press("enter", "r")
        assert d.here == "ConfirmScreen" and "cannot be undone" in d.screen_text()
        assert isinstance(d.console.focused, Button) and d.console.focused.id == "cancel"
        await d.press("enter")
        assert d.here == "CheckScreen" and d.port.asked == []


async def test_letters_on_cancel_begin_the_word_and_enter_there_still_cancels() -> None:
    drop = FakeOperation("check.run", "Drop the database", "destroy", (TARGET, CHECK))
    offer = FakePort(offered=(drop,), shown=preview(plan=(), word="billing-db"))
    async with desk(offer) as d:
        await d.press("enter", "r", *"bill")
        word = d.console.screen.query_one("#confirm-word", Input)
        assert (word.value, d.console.focused) == ("bill", word)
        await d.press("down", "enter")
        assert d.here == "CheckScreen" and d.port.asked == []


async def test_what_is_typed_in_a_burst_reaches_its_field() -> None:
    async with desk() as d:
        await d.press("enter", "a")
        await d.press(*"known")
        assert d.console.screen.query_one(Input).value == "known"


async def test_a_filter_typed_in_one_packet_is_no_row_of_commands() -> None:
    async with desk() as d:
        await d.press("2")
        for letter in ("slash", *"payroll"):
            d.console.post_message(Key(letter, "/" if letter == "slash" else letter))
        await d.until(lambda: d.console.screen.query_one(FilterBar).text == "payroll")
        assert d.here == "HealthScreen"


async def test_a_refusal_is_one_line_and_a_hint_in_the_dialog() -> None:
    async with desk(FakePort(refuse=REFUSED)) as d:
        await d.press("3", "x", "~done", "enter", "enter")
        await d.until(lambda: "resolving needs the role" in d.screen_text())
        assert "Ask a holder of the role." in d.screen_text()
        assert d.here == "FormScreen" and d.console.screen.query_one(Input).value == "done"


async def test_a_field_that_is_needed_or_wrong_is_named() -> None:
    async with desk() as d:
        await d.press("enter", "d", "enter", "enter", "enter")
        assert "minutes is needed" in d.screen_text()
        assert d.port.asked == []


@pytest.mark.parametrize(
    ("typed", "screen", "said"),
    [
        ("health", "HealthScreen", "HEALTH"),
        ("trust-db", "HealthScreen", "target:trust-db"),
        ("postgresql.replication_lag", "CheckScreen", "WHY"),
        ("41", "IncidentScreen", "Replication lag"),
        ("17", "IncidentScreen", "Standby disk full"),
        ("ovvw", "OverviewScreen", "NOW"),
    ],
)
async def test_the_colon_jumps_to_modes_targets_checks_and_incidents(
    typed: str, screen: str, said: str
) -> None:
    async with desk() as d:
        await d.press("colon", f"~{typed}")
        await d.press("enter")
        assert d.here == screen and said in d.screen_text()


async def test_the_jump_completes_and_escape_stays() -> None:
    async with desk() as d:
        await d.press("colon", "~web")
        names = [each.name for each in d.list("jump-list").rows]
        assert names[:2] == ["web-1", "web-2"]
        await d.press("down", "enter")
        assert d.console.screen.query_one(FilterBar).text == "target:web-2"
        await d.press("1", "colon", "escape")
        assert d.here == "OverviewScreen"


async def test_an_unknown_incident_is_said_not_crashed() -> None:
    async with desk() as d:
        await d.console.go(IncidentPlace(999))
        await d.settle()
        assert "there is no incident #999" in d.screen_text()
        assert "lexops incident list" in d.screen_text()


@pytest.mark.parametrize(
    "keys",
    [
        ("1",),
        ("2",),
        ("3",),
        ("9",),
        ("0",),
        ("w",),
        ("2", "enter"),
        ("3", "enter"),
        ("9", "enter"),
        ("9", "m"),
        ("9", "t"),
        ("9", "b"),
        ("0", "enter"),
        ("3", "O"),
        ("3", "y"),
        ("3", "b", "enter"),
    ],
)
async def test_help_lists_every_key_of_the_screen_and_the_signs(keys: tuple[str, ...]) -> None:
    async with desk(size=(100, 90)) as d:
        await d.press(*keys)
        tooltips = {
            active.binding.tooltip
            for active in d.console.screen.active_bindings.values()
            if active.binding.tooltip and not active.binding.system
        }
        await d.press("question_mark")
        said = d.panel("#help-lines")
        for tooltip in tooltips:
            assert tooltip in said
        assert "✖ CRITICAL" in said and "? UNKNOWN" in said and "flapping" in said
        await d.press("escape")
        assert d.here != "HelpScreen"


async def test_every_binding_has_an_id_and_a_tooltip() -> None:
    async with desk() as d:
        for keys in (
            ("1",),
            ("2",),
            ("3",),
            ("enter",),
            ("9",),
            ("m",),
            ("t",),
            ("b",),
            ("n", "enter"),
            ("0",),
            ("enter",),
            ("w",),
            ("3", "O"),
            ("escape", "y"),
            ("escape", "b"),
            ("enter",),
        ):
            await d.press(*keys)
            room = d.console.screen
            for node in (d.console, room):
                for binding in type(node).__dict__["BINDINGS"]:
                    assert binding.id and binding.tooltip, binding


async def test_the_palette_has_operations_and_entities_and_nothing_of_the_server() -> None:
    async with desk() as d:
        await d.press("ctrl+p")
        await d.until(lambda: "check.downtime" in d.screen_text())
        assert "Screenshot" not in d.screen_text() and "Theme" not in d.screen_text()
        await d.press("~trust")
        await d.until(lambda: "trust-db" in d.screen_text())
        await d.press("escape")
        await d.press("ctrl+p", "~open incident")
        await d.until(lambda: "incident.open" in d.screen_text())
        await d.press("down", "enter")
        await d.until(lambda: d.here == "FormScreen")


async def test_what_changes_is_shown_and_the_cursor_stays_on_its_row() -> None:
    async with desk() as d:
        await d.press("down")
        assert d.list("now-list").current.target == "web-2"
        worse = row("portal", "endpoint.http", Status.CRITICAL, "500", since=ago(hours=1))
        d.port.change(checks=(worse, *d.port.now.checks))
        await d.until(lambda: "Http" in d.screen_text())
        assert d.list("now-list").current.target == "web-2"
        assert d.list("now-list").cursor == 2


async def test_nothing_is_read_again_while_nothing_changes() -> None:
    async with desk() as d:
        reads = d.port.reads
        await d.pilot.pause(0.2)
        assert d.port.reads == reads


async def test_space_holds_the_screen_and_lets_it_go() -> None:
    async with desk() as d:
        await d.press("space")
        assert "PAUSED" in d.screen_text()
        d.port.change(checks=())
        await d.until(lambda: d.console._held)
        assert len(d.list("now-list").rows) == 4
        await d.press("space")
        assert "PAUSED" not in d.screen_text()
        assert len(d.list("now-list").rows) == 0
        assert "nothing is wrong with what was seen" in d.screen_text()


async def test_selected_text_holds_the_screen_by_itself() -> None:
    async with desk() as d:
        await d.press("enter")
        await d.pilot.mouse_down("#page", offset=(2, 0))
        await d.pilot.hover("#page", offset=(20, 0))
        await d.pilot.mouse_up("#page", offset=(20, 0))
        await d.settle()
        assert d.console.screen.get_selected_text()
        assert d.console.held and "PAUSED" in d.screen_text()
        await d.press("escape")
        assert not d.console.held and "PAUSED" not in d.screen_text()


async def test_rows_can_be_selected_as_text() -> None:
    async with desk() as d:
        await d.pilot.mouse_down("#now-list", offset=(4, 1))
        await d.pilot.hover("#now-list", offset=(18, 1))
        await d.pilot.mouse_up("#now-list", offset=(18, 1))
        await d.settle()
        assert "UNKNOWN" in (d.console.screen.get_selected_text() or "")


async def test_a_click_moves_the_cursor_and_a_double_click_opens() -> None:
    async with desk() as d:
        await d.pilot.click("#now-list", offset=(10, 2))
        assert d.list("now-list").cursor == 2
        await d.pilot.click("#now-list", offset=(10, 2), times=2)
        await d.settle()
        assert d.here == "CheckScreen"


async def test_an_unreachable_store_is_said_and_the_last_data_stay() -> None:
    async with desk() as d:
        d.port.error = StoreError("the store cannot be reached")
        await d.until(lambda: "the store cannot be reached" in d.screen_text())
        assert "Replication lag" in d.screen_text()
        d.clock.at = NOW + timedelta(minutes=7)
        d.console.redraw()
        await d.settle()
        assert "data 7 m old" in d.screen_text()
        await d.press("enter")
        assert "the store cannot be reached" in d.panel("#page")
        await d.press("escape", "r")
        d.port.error = None
        d.clock.at = NOW
        await d.until(lambda: d.console.trouble is None)
        await d.settle()
        assert "the store cannot be reached" not in d.panel("Header")


async def test_what_was_never_read_is_not_said_to_be_well() -> None:
    async with desk(FakePort(error=StoreError("the store cannot be reached"))) as d:
        for key in "12390":
            await d.press(key)
            text = d.screen_text()
            assert "the store cannot be reached" in text and "not read yet" in text
            for calm in ("nothing is", "nobody is", "no targets", "no checks", "no open", "no clock"):
                assert calm not in text


async def test_a_fault_behind_the_port_is_kept_once_and_does_not_end_the_console() -> None:
    async with desk(FakePort(error=ZeroDivisionError("secret"))) as d:
        await d.pilot.pause(0.1)
        assert "LexOps failed while reading" in d.screen_text() and "secret" not in d.screen_text()
        assert len(d.crashes) == 1


async def test_a_fault_of_the_reading_itself_is_kept_and_said_and_the_reading_goes_on() -> None:
    port = FakePort(clocks=(None,))  # type: ignore[arg-type]  # not a value that any presenter is made for
    async with desk(port) as d:
        known = d.console.snapshot
        assert known and known.unclear and "LexOps failed" in known.unclear.text
        assert len(d.crashes) == 1
        port.incidents = lambda include_resolved: None  # type: ignore[assignment, return-value]
        port.change()
        await d.until(lambda: d.console.trouble, "it is said")
        assert "LexOps failed while reading" in d.screen_text()
        del port.incidents  # type: ignore[method-assign]
        port.change()
        await d.until(lambda: d.console.snapshot is not known, "it goes on")
        assert d.console.trouble is None and "LexOps failed" not in d.panel("Header")


async def test_a_lost_worker_is_unmissable() -> None:
    port = FakePort()
    port.change(worker=WorkerRow("worker-1", 1, ago(days=1), ago(minutes=9)))
    async with desk(port) as d:
        assert "✖ worker lost 9 m ago" in d.screen_text()
        assert "no worker: nobody looks" in d.screen_text()
    port.change(worker=None, broken_plugins={"acme": "no module named acme"})
    async with desk(port, (160, 40)) as d:
        assert "✖ no worker" in d.screen_text()
        assert "plug-in acme: no module named acme" in d.screen_text()


async def test_mixed_environments_show_the_most_serious_and_each_its_own() -> None:
    port = FakePort()
    targets = port.now.targets
    port.change(
        targets=(replace(targets[0], environment="staging"), *targets[1:]),
        checks=(replace(port.now.checks[0], environment="staging"), *port.now.checks[1:]),
    )
    async with desk(port, (160, 40)) as d:
        assert " PRODUCTION " in d.screen_text() and "staging" in d.screen_text()
        await d.press("2")
        assert "staging" in d.screen_text()
        await d.press("enter", "a")
        assert " STAGING " in d.screen_text()


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (200, 60)])
async def test_no_line_is_wider_than_the_screen_and_help_stays_in_sight(size: tuple[int, int]) -> None:
    async with desk(size=size) as d:
        for keys in (
            ("1",),
            ("2",),
            ("3",),
            ("9",),
            ("m",),
            ("t",),
            ("b",),
            ("n", "enter"),
            ("0",),
            ("2", "enter"),
            ("0", "enter"),
            ("w",),
            ("3", "enter"),
            ("3", "O"),
            ("escape", "y"),
            ("escape", "b"),
        ):
            await d.press(*keys)
            lines = d.screen_text().split("\n")
            assert len(lines) == size[1]
            assert "? help" in lines[-1]


async def test_the_layout_follows_the_size() -> None:
    async with desk(size=(80, 24)) as d:
        assert "▁▁▁" not in d.screen_text() and "COVERAGE" in d.screen_text()
        await d.pilot.resize_terminal(200, 60)
        await d.settle()
        await d.until(lambda: "TREND  billing-db postgresql.replication_lag" in d.screen_text())
        await d.until(lambda: "crit" in d.screen_text())
        assert "▁▁▁" in d.screen_text()
        await d.pilot.resize_terminal(80, 24)
        await d.settle()
        assert "TREND" not in d.screen_text() and "? help" in d.screen_text()


async def test_the_trend_follows_the_cursor() -> None:
    async with desk(size=(200, 60)) as d:
        await d.until(lambda: "TREND  billing-db" in d.screen_text())
        await d.press("down")
        await d.until(lambda: "TREND  web-2 host.ssh" in d.screen_text())
        await d.press("tab", "tab", "down")
        await d.until(lambda: "no problem selected" in d.screen_text())


async def test_ascii_signs_need_nothing_but_ascii() -> None:
    async with desk(ascii_signs=True, size=(200, 60)) as d:
        for keys in (
            ("1",),
            ("enter",),
            ("a",),
            ("escape",),
            ("w",),
            ("9",),
            ("m",),
            ("t",),
            ("b",),
            ("n", "enter"),
            ("0",),
            ("v",),
            ("escape",),
            ("3",),
            ("enter",),
            ("3", "O"),
            ("escape", "y"),
            ("escape", "b"),
            ("question_mark",),
        ):
            await d.press(*keys)
            assert d.screen_text().isascii(), keys
        await d.press("escape", "1", "1")
        assert "X CRITICAL" in d.screen_text()
        d.console.say("it is done")
        await d.settle()
        assert "it is done" in d.screen_text() and d.screen_text().isascii()
        await d.press("enter", "d")
        assert d.here == "FormScreen" and d.screen_text().isascii()


def test_every_sign_that_the_console_draws_has_an_ascii_one() -> None:
    sources = Path(tui.__file__).parent.rglob("*.py")
    signs = {sign for source in sources for sign in source.read_text("utf-8") if not sign.isascii()}
    assert len(signs) > 20
    assert not {sign for sign in signs if not Edge(ascii_signs=True)._safe(sign).isascii()}


async def test_works_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with desk(theme="light") as d:
        assert "✖ CRITICAL" in d.screen_text() and "▸" in d.screen_text()


async def test_q_ends() -> None:
    async with desk() as d:
        await d.press("q")
        assert d.console.ending.is_set() and d.console.return_code == 0


async def test_a_choice_shows_by_its_sign_which_one_is_made() -> None:
    async with desk() as d:
        await d.press("3", "o", "~Mail is late", "enter", "down", "enter")
        assert "○" in d.screen_text() and "●" in d.screen_text()
        await d.press("tab", "tab", "tab", "enter")
        await d.until(lambda: d.port.asked)
        assert d.port.asked == [("incident.open", {"title": "Mail is late", "severity": "CRITICAL"})]
