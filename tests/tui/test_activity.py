"""The live screen: who holds up whom, and the two ways to end it, as keys and messages."""

from __future__ import annotations

import threading

import pytest

from lexops.activity.model import Activity
from lexops.errors import Refused, Unreachable
from lexops.operations import Effect
from lexops.targets.model import Kind
from lexops.tui.places import ActivityPlace, CheckPlace
from lexops.tui.screens.activity import ActivityScreen
from tests.tui.conftest import Desk, desk
from tests.tui.port import NOW, FakeOperation, FakeParameter, FakePort, FakeWatching, preview, sessions
from tests.waiting import PATIENCE

PARAMETERS = tuple(FakeParameter(name) for name in ("target", "pid", "started"))
CANCEL = FakeOperation(
    "session.cancel",
    "Cancel a statement",
    "change",
    (*PARAMETERS, FakeParameter("statement")),
    reaches_target=True,
)
TERMINATE = FakeOperation(
    "session.terminate", "Terminate a session", "destroy", PARAMETERS, critical=True, reaches_target=True
)


def port(**more: object) -> FakePort:
    made = FakePort(offered=(CANCEL, TERMINATE), **more)  # type: ignore[arg-type]
    made.shown = preview(
        operation="session.cancel", title="Cancel a statement", effect=Effect.CHANGE, word="", approvals=0
    )
    return made


async def open_activity(d: Desk) -> ActivityScreen:
    await d.console.go(ActivityPlace("billing-db"))
    screen = d.console.screen
    assert isinstance(screen, ActivityScreen)
    await d.until(lambda: screen.seen is not None)
    await d.settle()
    return screen


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_root_is_first_and_those_behind_it_are_indented(size: tuple[int, int]) -> None:
    async with desk(port(), size) as d:
        await open_activity(d)
        shown = [(row.session.pid, row.depth) for row in d.list("sessions").rows]
        assert shown == [(4711, 0), (4720, 1), (4723, 2), (4724, 2), (4721, 1), (4722, 1), (99, -1)]
        text = d.screen_text()
        assert "billing-db › activity" in text and "live" in text
        assert "7 sessions, 5 blocked, 1 idle in transaction" in text
        assert "✖ blocking" in text and "▲ blocked" in text and "holds up 5, idle in tx" in text
        assert "UPDATE invoice SET status = ?" in d.panel("#session")


async def test_folding_hides_who_waits_for_it_and_sorting_leaves_the_tree() -> None:
    async with desk(port()) as d:
        await open_activity(d)
        await d.press("enter")
        assert [row.session.pid for row in d.list("sessions").rows] == [4711, 99]
        assert d.list("sessions").current.session.pid == 4711
        await d.press("f", "s")
        assert "by longest" in d.screen_text()
        assert d.list("sessions").rows[0].depth == -1


async def test_cancelling_is_confirmed_without_a_word_and_names_the_session() -> None:
    async with desk(port()) as d:
        await open_activity(d)
        await d.press("down", "c")
        await d.until(lambda: d.here == "ConfirmScreen")
        assert "4720" in d.screen_text() and "Type" not in d.screen_text()
        assert d.port.asked == []
        await d.press("tab", "enter")
        await d.until(lambda: d.port.asked)
        name, given = d.port.asked[0]
        assert name == "session.cancel"
        assert given == {
            "target": "billing-db",
            "pid": 4720,
            "started": "2026-11-21T13:50:00.000001Z",
            "statement": "2026-11-21T13:50:00Z",
        }


async def test_a_stray_enter_in_the_dialog_does_nothing() -> None:
    async with desk(port()) as d:
        await open_activity(d)
        await d.press("down", "c")
        await d.until(lambda: d.here == "ConfirmScreen")
        await d.press("enter")
        assert d.here == "ActivityScreen" and d.port.asked == []


async def test_terminating_needs_the_word() -> None:
    async with desk(port()) as d:
        d.port.shown = preview(operation="session.terminate", title="Terminate a session")
        await open_activity(d)
        await d.press("t")
        await d.until(lambda: d.here == "ConfirmScreen")
        await d.press("up", "~billing-db", "enter", "enter")
        await d.until(lambda: d.port.asked)
        name, given = d.port.asked[0]
        assert name == "session.terminate"
        assert given == {"target": "billing-db", "pid": 4711, "started": "2026-11-21T13:49:10.000001Z"}


async def test_what_cannot_be_ended_says_why() -> None:
    async with desk(port()) as d:
        screen = await open_activity(d)
        assert screen.why_not("cancel", ()) == "it runs no statement"
        await d.press("end")
        assert screen.why_not("terminate", ()) == "a session of LexOps itself"
        await d.press("t", "c")
        assert d.here == "ActivityScreen" and d.port.intents == []
        assert "a session of LexOps itself" in d.panel("#session")


async def test_a_slow_or_lost_server_shows_what_was_last_seen_and_since_when() -> None:
    async with desk(port()) as d:
        screen = await open_activity(d)
        d.port.watching.error = Unreachable("billing-db: the server closed the connection")
        d.clock.at = NOW.replace(minute=3)
        screen._tick()
        await d.until(lambda: "closed the connection" in d.panel("#unseen"))
        assert (
            "last seen 1 min ago" in d.screen_text() and "the server closed the connection" in d.screen_text()
        )
        assert len(d.list("sessions").rows) == 7
        d.port.watching.error = None
        screen._tick()
        await d.until(lambda: "last seen" not in d.screen_text())


async def test_a_look_that_hangs_blocks_nothing_and_no_second_one_begins() -> None:
    async with desk(port()) as d:
        screen = await open_activity(d)
        answer, begun = threading.Event(), []

        def look() -> Activity:
            begun.append(1)
            answer.wait(60)
            return d.port.watching.now

        d.port.watching.look = look  # type: ignore[method-assign]
        try:
            d.clock.at = NOW.replace(minute=3)
            for _ in range(3):
                screen._tick()
            await d.pilot.press("down", "s")
            await d.until(lambda: begun)
            await d.pilot.pause()
            text = d.screen_text()
            assert "last seen 1 min ago" in text and "by longest" in text and len(begun) == 1
        finally:
            answer.set()
        await d.until(lambda: "live" in d.screen_text())


async def test_a_database_that_was_never_reached_says_so() -> None:
    async with desk(port()) as d:
        d.port.watching.error = Unreachable("billing-db: connection refused", hint="is it started?")
        await d.console.go(ActivityPlace("billing-db"))
        await d.until(lambda: "connection refused" in d.panel("#unseen"))
        assert "is it started?" in d.panel("#unseen")
        assert "not read yet" in d.screen_text() and "no sessions" not in d.screen_text()


async def test_a_blind_role_is_told_the_grant_and_shown_no_list() -> None:
    async with desk(port()) as d:
        grant = "GRANT pg_monitor TO lexops_blind"
        d.port.watching.now = Activity(
            "billing-db", Kind.POSTGRESQL, NOW, (), "lexops_blind sees only its own sessions", grant
        )
        await open_activity(d)
        text = d.screen_text()
        assert "cannot see: lexops_blind sees only its own sessions" in text and grant in text
        assert "no sessions" not in text and "? help" in text.splitlines()[-1]


async def test_the_connection_is_given_back_under_a_dialog_and_closed_with_the_screen() -> None:
    async with desk(port()) as d:
        await open_activity(d)
        await d.press("question_mark")
        await d.until(lambda: d.port.watching.rests >= 1)
        looks = d.port.watching.looks
        await d.pilot.pause()
        assert d.port.watching.looks == looks
        await d.press("escape", "escape")
        assert d.here == "OverviewScreen"
        await d.until(lambda: d.port.watching.closed)


async def test_the_connection_is_given_back_also_when_the_last_look_under_a_dialog_fails() -> None:
    asked, end = threading.Event(), threading.Event()

    class Slow(FakeWatching):
        def look(self) -> Activity:
            asked.set()
            end.wait(PATIENCE)
            raise Refused("the role may not look")

    slow = port()
    slow.watching = Slow(slow.watching.now)
    async with desk(slow) as d:
        await d.console.go(ActivityPlace("billing-db"))
        await d.until(asked.is_set)
        await d.pilot.press("question_mark")
        await d.until(lambda: d.here == "HelpScreen")
        assert slow.watching.rests == 0
        end.set()
        await d.until(lambda: slow.watching.rests == 1)


async def test_it_holds_still_while_paused() -> None:
    async with desk(port()) as d:
        screen = await open_activity(d)
        await d.press("space")
        looks = d.port.watching.looks
        screen._tick()
        await d.settle()
        assert d.port.watching.looks == looks


async def test_it_is_one_key_from_a_check_of_a_database_and_none_from_a_host() -> None:
    async with desk(port()) as d:
        await d.console.go(CheckPlace("billing-db", "postgresql.replication_lag"))
        await d.settle()
        await d.press("l")
        await d.until(lambda: d.here == "ActivityScreen")
        await d.press("escape", "escape")
        await d.console.go(CheckPlace("web-2", "host.ssh"))
        await d.settle()
        await d.press("l")
        assert d.here == "CheckScreen"


async def test_the_filter_finds_by_role_state_and_number() -> None:
    async with desk(port()) as d:
        await open_activity(d)
        await d.press("slash", "~is:blocked", "enter")
        assert len(d.list("sessions").rows) == 5
        assert "esc clears" in d.screen_text()
        await d.press("escape")
        await d.press("slash", "~pid:4711", "enter")
        assert [row.session.pid for row in d.list("sessions").rows] == [4711]


def test_the_sessions_of_the_drawing_name_no_client() -> None:
    assert all("?" in each.statement for each in sessions() if each.statement)
