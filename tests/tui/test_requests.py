"""Requests that need people: where they show, what may be done with them, and why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from textual.widgets import Input

from lexops.gate.model import Approval, RequestView, State, StepView
from lexops.tui.ink import plain
from lexops.tui.places import RequestPlace, RequestsPlace
from lexops.tui.presenters import offers
from lexops.tui.presenters.banners import banner_lines
from lexops.tui.presenters.forms import HASH
from lexops.tui.presenters.offers import CANCEL, GRANT, PAUSE, REFUSE, RESUME, REVIEW
from lexops.tui.presenters.requests import request_lines
from lexops.tui.snapshot import Snapshot
from lexops.tui.views import HeadsView, SessionView
from tests.tui.conftest import Desk, desk
from tests.tui.port import (
    NOW,
    OPERATIONS,
    REASON,
    ZONE,
    FakeOperation,
    FakeParameter,
    FakePort,
    ago,
    fleet,
    request,
)

REQUEST = FakeParameter("request", "int", "number of the request")
HASHED = FakeParameter("hash", help="the hash you were shown", required=False)
FINDING = FakeParameter("finding", help="was it right")
ACTS = (
    FakeOperation(GRANT, "Approve a request", "change", (REQUEST, HASHED, replace(REASON, required=False))),
    FakeOperation(REFUSE, "Refuse a request", "change", (REQUEST, REASON)),
    FakeOperation(CANCEL, "Give a request up", "change", (REQUEST, REASON)),
    FakeOperation(PAUSE, "Pause a request", "change", (REQUEST,)),
    FakeOperation(RESUME, "Resume a request", "change", (REQUEST, replace(REASON, required=False))),
    FakeOperation(REVIEW, "Review a request", "change", (REQUEST, FINDING)),
)
ANA = SessionView("ana", "o-ana", "administrator", "key", "10.0.0.7")
STEPS = (
    StepView(0, "fetch", "done", ago(minutes=9), ago(minutes=7), "w", "fetched 4.2 GB"),
    StepView(1, "swap", "running", ago(minutes=7), None, "w", "half way"),
)


def glass(**more: object) -> RequestView:
    known: dict[str, object] = {
        "break_glass": "the court waits",
        "review_due": NOW + timedelta(hours=21),
        "approvals_needed": 0,
    }
    return request(**{"id": 16, "state": State.DONE, **known, **more})  # type: ignore[arg-type]


def port(*waiting: RequestView, **more: object) -> FakePort:
    given = {"waiting": waiting or (request(),), "who": ANA, "offered": (*OPERATIONS, *ACTS)}
    return FakePort(**{**given, **more})  # type: ignore[arg-type]


async def shown(d: Desk, number: int = 12) -> None:
    await d.console.go(RequestPlace(number))
    await d.settle()


async def test_what_waits_is_in_the_header_and_among_what_needs_you() -> None:
    async with desk(port(request(), request(14, operator="ana", operator_id="o-ana")), (120, 40)) as d:
        text = d.screen_text()
        assert "▲ 1 to approve" in text and "ana, administrator" in text
        assert "SSH key from 10.0.0.7" in text
        rows = {need.place: need for need in d.list("needs-list").rows}
        assert rows[RequestPlace(12)].remark == "approve"
        assert rows[RequestPlace(14)].remark == "others"
        assert "Restore a backup billing-db (bo, #12)" in rows[RequestPlace(12)].text


async def test_who_cannot_approve_is_told_that_others_are_waited_for() -> None:
    who = SessionView("sam", "o-sam", "support")
    refusals = {GRANT: "needs the role manager", REFUSE: "needs the role manager"}
    async with desk(port(who=who, refusals=refusals)) as d:
        assert "1 request waiting" in d.screen_text() and "to approve" not in d.screen_text()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_w_leads_to_the_requests_and_enter_to_one(size: tuple[int, int]) -> None:
    async with desk(port(), size) as d:
        await d.press("w")
        assert d.here == "RequestsScreen" and "▲ WAITING" in d.screen_text()
        assert "approve" in d.screen_text() and "1 waiting request" in d.screen_text()
        await d.press("w")
        assert d.here == "RequestsScreen" and len(d.console.screen_stack) == 2
        await d.press("enter")
        assert d.here == "RequestScreen"
        text = d.screen_text()
        for said in (" PRODUCTION ", "bo, at the console", "pg-2026-11-21-0600", "0123456789ab", "7 h 54"):
            assert said in text, said
        assert request().hash[: HASH + 1] not in text


async def test_requests_are_reached_by_jump_by_palette_and_from_what_needs_you() -> None:
    async with desk(port()) as d:
        await d.press("colon", "~requests", "enter")
        assert d.here == "RequestsScreen"
        await d.press("1", "colon", "~request 12", "enter")
        assert d.here == "RequestScreen"
        await d.press("1", "ctrl+p", "~requests")
        await d.until(lambda: "list approvals, decisions" in d.screen_text())
        await d.press("escape", "tab", "enter")
        assert d.here == "RequestScreen"


async def test_t_shows_all_requests_and_those_that_wait() -> None:
    async with desk(port(ended=(request(9, State.DONE),))) as d:
        await d.press("w")
        assert [each.id for each in d.list("requests").rows] == [12]
        await d.press("t")
        assert [each.id for each in d.list("requests").rows] == [9, 12]
        assert "2 requests" in d.screen_text() and "✔ DONE" in d.screen_text()
        await d.press("slash", "~is:done", "enter")
        assert [each.id for each in d.list("requests").rows] == [9]
        await d.press("c", "t")
        assert [each.id for each in d.list("requests").rows] == [12]


async def test_approving_names_the_hash_that_is_shown() -> None:
    async with desk(port()) as d:
        await shown(d)
        await d.press("a")
        assert d.here == "FormScreen" and "Approve a request" in d.screen_text()
        assert "0123456789ab" in d.screen_text() and request().hash not in d.screen_text()
        await d.press("~fine", "enter", "enter")
        await d.until(lambda: d.port.asked)
        assert d.port.asked == [(GRANT, {"request": 12, "hash": request().hash, "reason": "fine"})]


@pytest.mark.parametrize(
    ("key", "made", "act", "field"),
    [
        ("x", request(), REFUSE, "reason"),
        ("g", request(), CANCEL, "reason"),
        ("r", request(12, State.INTERRUPTED), RESUME, "reason"),
        ("v", glass(id=12), REVIEW, "finding"),
    ],
)
async def test_each_key_opens_the_form_of_its_act(key: str, made: RequestView, act: str, field: str) -> None:
    async with desk(port(made)) as d:
        await shown(d)
        await d.press(key)
        assert d.here == "FormScreen" and d.port.asked == []
        assert isinstance(d.console.focused, Input)
        await d.press("~seen", "enter", "enter")
        await d.until(lambda: d.port.asked)
        assert d.port.asked == [(act, {"request": 12, field: "seen"})]


async def test_p_pauses_a_run() -> None:
    async with desk(port(request(12, State.RUNNING, steps=STEPS))) as d:
        await shown(d)
        await d.press("p")
        await d.until(lambda: d.port.asked == [(PAUSE, {"request": 12})])


async def test_what_one_may_not_do_is_not_offered_and_help_says_why() -> None:
    own = request(12, operator="ana", operator_id="o-ana")
    async with desk(port(own), (110, 60)) as d:
        await shown(d)
        foot = d.screen_text().split("\n")[-1]
        assert "approve" not in foot and "give up" in foot
        assert "cannot approve it: it is your own" in d.screen_text()
        await d.press("a", "p", "r", "v")
        assert d.here == "RequestScreen" and d.port.asked == []
        await d.press("question_mark")
        said = d.panel("#help-lines")
        assert "it is your own; somebody else has to approve it" in " ".join(said.split())
        assert "did not break the glass" in " ".join(said.split())


async def test_the_steps_of_a_run_are_followed_without_any_event() -> None:
    running = request(12, State.RUNNING, steps=STEPS)
    async with desk(port(running), (110, 40), poll=30) as d:
        await shown(d)
        assert "✔ 1. fetch" in d.screen_text() and "half way" in d.screen_text()
        further = (STEPS[0], replace(STEPS[1], said="nearly there"))
        d.port.waiting = (replace(running, steps=further),)
        await d.until(lambda: "nearly there" in d.screen_text())
        d.port.waiting = (replace(running, steps=further, state=State.DONE),)
        await d.until(lambda: "✔ DONE" in d.screen_text())


async def test_the_time_left_counts_down() -> None:
    async with desk(port()) as d:
        await shown(d)
        assert "in 7 h 54" in d.screen_text()
        d.clock.at = NOW + timedelta(hours=7, minutes=50)
        d.console.redraw()
        await d.until(lambda: "in 4 min" in d.screen_text())


async def test_an_unknown_request_is_said() -> None:
    async with desk(port()) as d:
        await shown(d, 999)
        assert "there is no request #999" in d.screen_text()


async def test_a_broken_glass_stands_in_every_mode_until_it_is_reviewed() -> None:
    async with desk(port(glass())) as d:
        for keys in (("1",), ("2",), ("3",), ("0",), ("2", "enter"), ("w",)):
            await d.press(*keys)
            assert "GLASS BROKEN by bo: #16 Restore a backup" in d.screen_text(), keys
            assert "? help" in d.screen_text().split("\n")[-1]
        d.port.waiting = ()
        d.port.event += 1
        await d.until(lambda: "GLASS BROKEN" not in d.screen_text())


async def test_a_record_that_was_rolled_back_is_unmissable() -> None:
    heads = HeadsView("THE RECORD IS ROLLED BACK: 12 entries are missing", "find out who put the store back")
    async with desk(FakePort(head=heads), (80, 24)) as d:
        for key in ("1", "2", "0"):
            await d.press(key)
            assert "✖ THE RECORD IS ROLLED BACK: 12 entries are missing" in d.screen_text()
            assert "find out who put the store back" in d.screen_text()


async def test_a_comparison_that_is_not_possible_is_said_quietly() -> None:
    async with desk(FakePort(head=HeadsView(unsure="the remembered head is damaged"))) as d:
        assert "could not be compared" in d.screen_text() and "ROLLED" not in d.screen_text()


async def test_a_session_for_looking_only_says_so() -> None:
    who = SessionView("mia", "o-mia", "manager", "certificate", "10.0.0.9", read_only=True)
    async with desk(FakePort(who=who), (80, 24)) as d:
        for keys in (("1",), ("0",)):
            await d.press(*keys)
            assert " READ-ONLY " in d.screen_text() and "mia, manager" in d.screen_text()


async def test_a_stranger_is_named_as_one() -> None:
    async with desk(FakePort(who=SessionView("eve"))) as d:
        assert "eve, no operator" in d.screen_text()


def test_the_rules_of_the_gate_are_those_of_the_keys() -> None:
    manager = SessionView("mia", "o-mia", "manager")
    support = SessionView("bo", "o-bo", "support")
    waiting = request()
    assert set(offers.why_not(waiting, manager, {})) == {CANCEL, PAUSE, RESUME, REVIEW}
    assert set(offers.why_not(waiting, support, {})) == {GRANT, PAUSE, RESUME, REVIEW}
    agreed = request(approvals_needed=2, approvals=(Approval("mia", True, NOW, ""),))
    assert "said already" in offers.why_not(agreed, manager, {})[GRANT]
    failed = request(12, State.FAILED)
    assert RESUME not in offers.why_not(failed, support, {}) and CANCEL not in offers.why_not(
        failed, support, {}
    )
    assert "administrator" in offers.why_not(failed, manager, {})[RESUME]
    assert offers.why_not(glass(), support, {})[REVIEW].startswith("it is your own")
    assert REVIEW not in offers.why_not(glass(), manager, {})
    assert offers.why_not(waiting, manager, {GRANT: "frozen"})[GRANT] == "frozen"
    assert offers.wanted_of_me(waiting, None, {}) == ""


@pytest.mark.parametrize("state", list(State))
def test_every_state_can_be_shown(state: State) -> None:
    made = request(12, state, steps=STEPS, approvals=(Approval("mia", False, NOW, "too early"),))
    text = "\n".join(plain(each) for each in request_lines(made, ANA, {}, NOW, ZONE, 100))
    assert "✖ refused" in text and "too early" in text and "half way" in text


def test_an_overdue_review_says_by_how_much() -> None:
    made = glass(review_due=NOW - timedelta(hours=2))
    lines = banner_lines(Snapshot(1, fleet(), requests=(made, glass())), HeadsView(), NOW, 120)
    assert "overdue by 2 h 00" in plain(lines[0]) and "1 other" in plain(lines[0])
    assert RequestsPlace() == RequestsPlace()
