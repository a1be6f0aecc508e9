"""Whatever a database, a ticket or a plug-in says, the terminal is only ever shown text."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from textual.widgets import Button, Input

from lexops.audit.verdict import Problem, Verdict
from lexops.checks.model import Check, Finding, Judged, Note, Status
from lexops.checks.view import CheckDetail, CheckRow, TargetRow
from lexops.errors import Refused
from lexops.gate.model import Approval, RequestView, StepView
from lexops.incidents.model import Entry, Incident
from lexops.tui.edge import Edge
from lexops.tui.ink import Ink, Line, cells, fitted, plain, wrapped
from lexops.tui.places import CheckPlace, EntryPlace, IncidentPlace, RequestPlace
from lexops.tui.presenters import (
    check,
    checks,
    confirm,
    forms,
    header,
    incidents,
    jump,
    overview,
    proof,
    requests,
)
from lexops.tui.presenters.banners import banner_lines
from lexops.tui.presenters.columns import place, row_line
from lexops.tui.presenters.search import matches, score
from lexops.tui.snapshot import Snapshot, Trouble
from lexops.tui.views import Covered, EntryView, HeadsView, LogRow, SessionView, SigningTask
from tests.tui.conftest import desk
from tests.tui.port import (
    INCIDENTS,
    NOW,
    OPERATIONS,
    RESTORE,
    TIMELINE,
    ZONE,
    FakeOperation,
    FakePort,
    checkpoint,
    detail,
    fleet,
    intact,
    preview,
    request,
    sealed,
)

NASTY = (
    "[@click=app.quit()]x[/",
    "[/",
    "[bold red]$x[/etc/passwd]",
    "a\x1b]0;title\x07b\x1b[2J\x1b[31m\x9b31m",
    "\x1b]52;c;c2VjcmV0\x07",
    "\u202ereversed\u2066isolated\u200f",
    "\ud800 lone \udfff",
    "zero\u200bwidth\u200d\ufeff",
    "e" + "\u0301" * 300,
    "漢字の長い題名がここにある" * 20,
    "line\nbreak\r\nand\ttab\x0b\x0c\x85\u2028end\x00",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "{x} %s $primary \\[",
    "",
    " ",
    "x" * 1_000_000,
)
anything = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(), max_size=60),
    st.text(st.sampled_from("[]/@=$\\\x1b\x07\x9b\u202e\u200b漢e\u0301 \n\tab"), max_size=30),
)
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def assert_harmless(lines: list[Line] | tuple[Line, ...], width: int | None = None) -> None:
    for each in lines:
        text = plain(each)
        assert not any(ord(sign) < 0x20 or 0x7F <= ord(sign) <= 0x9F for sign in text), repr(text)
        assert not any(0xD800 <= ord(sign) <= 0xDFFF or sign in "\u202e\u2066\u2028" for sign in text)
        text.encode()
        if width is not None:
            assert cells(each) <= width


def hostile_row(text: str, status: Status | None = Status.CRITICAL) -> CheckRow:
    row = fleet().checks[0]
    return replace(row, target=text, check=text, title=text, summary=text, environment=text, status=status)


def hostile_detail(text: str) -> CheckDetail:
    row = hostile_row(text)
    given = detail(fleet().checks[1])
    definition: Check = replace(
        given.definition, meaning=text, mend=text, source=text, runbook=text, title=text
    )
    return replace(
        given,
        row=row,
        definition=definition,
        judged=(Judged(Status.UNKNOWN, text, text),) * 20,
        findings=(Finding(text, text, detail={text: text}),) * 20,
        notes=(Note(text, text),),
        hint=text,
        history=tuple(replace(result, summary=text) for result in given.history),
        series=tuple(replace(series, metric=text, item=text, unit=text) for series in given.series),
        related=(row,),
    )


def hostile_incident(text: str) -> Incident:
    return replace(INCIDENTS[0], title=text, target=text, check=text, owner=text, fingerprint=text)


def hostile_request(text: str) -> RequestView:
    return request(
        title=text,
        operation=text,
        arguments={text: text},
        plan=(text,) * 20,
        operator=text,
        operator_id="o-x",
        environment=text,
        target=text,
        answer=text,
        approvals=(Approval(text, True, NOW, text),),
        steps=(StepView(0, text, text, NOW, NOW, text, text),),
    )


def hostile_log_row(text: str) -> LogRow:
    return LogRow("entry-x", 7, NOW, text, text, text, 12, text, text)


def hostile_port(text: str) -> FakePort:
    row = hostile_row(text)
    known = fleet()
    target: TargetRow = replace(known.targets[0], name=text, environment=text)
    now = replace(known, checks=(row, *known.checks), targets=(target,), broken_plugins={text: text})
    operation = FakeOperation(
        "evil", text, text, tuple(replace(p, help=text) for p in OPERATIONS[6].parameters)
    )
    request = hostile_request(text)
    return FakePort(
        site_name=text,
        operator=text,
        who=SessionView(text, text, text, text, text, True),
        waiting=(request, replace(request, id=13, break_glass=text or "x", review_due=NOW)),
        entries=[hostile_log_row(text)],
        entry_data={text: text},
        entry_personal={text: text},
        report=replace(intact(), problems=(Problem(Verdict.FORGED, text, text, 7),), remarks=(text,)),
        head=HeadsView(text, text),
        shown=preview(title=text, target=text, plan=(text,) * 20, environment=text, word="y"),
        code="1",
        now=now,
        open=(hostile_incident(text), *INCIDENTS),
        timeline=tuple(replace(entry, text=text, author=text) for entry in TIMELINE),
        offered=(*OPERATIONS, operation, RESTORE),
        details={(text, text): hostile_detail(text)},
        refuse=Refused(text or "refused", hint=text),
    )


@quick
@given(anything, st.integers(1, 120), st.booleans())
def test_a_fitted_line_is_harmless_and_exactly_as_wide_as_asked(text: str, width: int, right: bool) -> None:
    each = fitted((Ink(text), Ink(text)), width, right=right)
    assert_harmless([each])
    assert cells(each) == width


@quick
@given(anything, st.integers(2, 100))
def test_wrapped_text_is_no_wider_than_asked(text: str, width: int) -> None:
    lines = [(Ink(part),) for part in wrapped(text, width)]
    assert_harmless(lines, width)


@quick
@given(anything, st.integers(1, 140))
@example(NASTY[-1], 80)
def test_every_list_presenter_is_harmless(text: str, width: int) -> None:
    row, incident = hostile_row(text), hostile_incident(text)
    snapshot = Snapshot(1, replace(fleet(), checks=(row,), broken_plugins={text: text}), (incident,))
    need = overview.needs(snapshot, NOW)
    target = replace(fleet().targets[0], name=text, environment=text)
    known = jump.destinations(snapshot, [("health", "Health")])
    lines = [
        row_line(row, place(checks.columns([row, fleet().checks[0]], [text], NOW), width)),
        row_line(row, place(overview.urgent_columns([row], NOW), width)),
        *(row_line(each, place(overview.need_columns(need, NOW), width)) for each in need),
        row_line(target, place(overview.target_columns([target]), width)),
        row_line(incident, place(incidents.columns([incident], NOW), width)),
        *(row_line(each, place(jump.columns(), width)) for each in jump.answers(text, known)),
        row_line(Finding(text, text), place(check.finding_columns(), width)),
    ]
    assert_harmless(lines, width)
    matches(text, checks.haystack(row))
    score(text, text)


@quick
@given(anything, st.integers(24, 140), st.integers(10, 60))
def test_every_page_presenter_is_harmless(text: str, width: int, height: int) -> None:
    known = hostile_detail(text)
    assert_harmless(check.detail_lines(known, NOW, ZONE, width, height))
    assert_harmless(check.trend_lines(known, ZONE, width, height))
    assert_harmless(check.finding_lines(known.findings[0], width))
    assert_harmless([check.crumb(known.row, NOW)])
    timeline = [replace(entry, text=text, author=text) for entry in TIMELINE]
    assert_harmless(incidents.incident_lines(hostile_incident(text), timeline, known.row, NOW, ZONE, width))
    snapshot = Snapshot(1, replace(fleet(), targets=(replace(fleet().targets[0], environment=text),)))
    standing = header.Standing(text, text, NOW + timedelta(hours=1), snapshot, Trouble(text, text), True)
    assert_harmless([header.header_line(standing, width)], width)
    seen = overview.coverage(replace(fleet(), broken_plugins={text: text}))
    assert_harmless(overview.coverage_lines(seen, NOW, width), width)
    assert_harmless(forms.error_lines(text, text, width))
    assert_harmless(forms.given_lines(FakeOperation(text, text, text, ()), {text: text}, width))


@quick
@given(anything, st.integers(24, 140))
@example(NASTY[-1], 80)
def test_every_presenter_of_requests_and_of_the_record_is_harmless(text: str, width: int) -> None:
    made, me = hostile_request(text), SessionView(text, text, text, text, text)
    denied = {"approval.grant": text}
    snapshot = Snapshot(1, fleet(), requests=(made,), session=me, denied=denied, record=sealed())
    row = hostile_log_row(text)
    glass = replace(snapshot, requests=(replace(made, break_glass="x", review_due=NOW),))
    entry = EntryView(row, text, 1, {text: text}, {text: text}, text, checkpoint(), (Covered(text, NOW),))
    broken = replace(intact(), problems=(Problem(Verdict.ALTERED, text, text, 1, NOW),), remarks=(text,))
    task = SigningTask(text, text, NOW)
    shown = preview(title=text, plan=(text,), target=text)
    objecting = replace(sealed(), witnesses=(replace(sealed().witnesses[0], name=text, trouble=text or "x"),))
    assert_harmless(
        [
            row_line(made, place(requests.columns([made], me, denied, NOW), width)),
            row_line(row, place(proof.log_columns([row], ZONE), width)),
            *banner_lines(glass, HeadsView(text or "x", text), NOW, width),
            *banner_lines(None, HeadsView(unsure=text), NOW, width),
            header.header_line(header.Standing(text, text, NOW, snapshot), width),
        ],
        width,
    )
    assert_harmless(requests.request_lines(made, me, denied, NOW, ZONE, width))
    assert_harmless(proof.entry_lines(entry, NOW, ZONE, width))
    assert_harmless(proof.report_lines(broken, ZONE, width))
    assert_harmless([proof.record_line(objecting, NOW)])
    assert_harmless(confirm.confirm_lines(shown, {text: text}, width))
    assert_harmless([confirm.confirm_heading(shown, width), confirm.word_line(text)])
    assert_harmless(confirm.signing_lines(task, width))
    matches(text, requests.haystack(made) + proof.log_haystack(row))


@quick
@given(anything)
def test_nothing_that_acts_passes_the_edge(text: str) -> None:
    safe = Edge()._safe(text)
    assert not any(ord(sign) < 0x20 and sign not in "\n\t" for sign in safe)


def test_entries_keep_their_kinds() -> None:
    assert all(isinstance(entry, Entry) for entry in TIMELINE)


@pytest.mark.parametrize("text", [NASTY[0], NASTY[3], NASTY[-1]], ids=["markup", "escapes", "long"])
async def test_every_screen_shows_hostile_text_as_text(text: str) -> None:
    async with desk(hostile_port(text), (160, 40)) as d:

        async def look() -> str:
            await d.settle()
            shown = d.screen_text()
            assert not any(ord(sign) < 0x20 and sign != "\n" for sign in shown)
            for strip in d.console.screen._compositor.render_strips():
                for segment in strip:
                    assert not (segment.style and "@click" in (segment.style.meta or {}))
            return shown

        shown = await look()
        if text == NASTY[0]:
            assert NASTY[0] in shown
        for keys in (("2",), ("3",), ("question_mark",), ("escape", "colon")):
            await d.press(*keys)
            await look()
        await d.press("escape")
        await d.console.go(CheckPlace(text, text))
        await look()
        await d.press("f")
        await look()
        await d.press("escape", "a", "x", "enter", "enter")
        await look()
        await d.press("escape")
        await d.console.go(IncidentPlace(41))
        await look()
        for key in ("w", "0"):
            await d.press(key)
            await look()
        await d.console.go(RequestPlace(12))
        await look()
        await d.console.go(EntryPlace("entry-x"))
        await look()
        await d.press("v")
        await look()
        await d.press("escape")
        d.port.refuse, refusal = None, d.port.refuse
        d.console.operate("backup.restore", {"target": text or "x"})
        await d.until(lambda: d.here == "ConfirmScreen")
        await look()
        d.console.screen.query_one("#confirm-word", Input).value = "y"
        d.console.screen.query_one("#go", Button).press()
        await d.until(lambda: d.here == "StepUpScreen")
        await look()
        await d.press("escape")
        await d.until(lambda: d.here == "ConfirmScreen")
        d.port.refuse = refusal
        d.console.screen.query_one("#go", Button).press()
        await look()
        await d.press("escape")
        await d.press("ctrl+p")
        await d.pilot.pause(0.1)
        await look()
        await d.press("e", "escape")
        d.console.operate("evil", {})
        await d.until(lambda: d.here == "FormScreen")
        await look()
        d.console.screen.dismiss(None)
        d.console.say(text, text, failed=True)
        await look()
        assert d.console.is_running and not d.crashes
