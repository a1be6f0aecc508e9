"""Whatever a database, a ticket or a plug-in says, the terminal is only ever shown text."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from textual.widgets import Button, Input

from lexops.audit.verdict import Problem, Verdict
from lexops.checks.model import Check, Finding, Judged, Note, Status
from lexops.checks.view import CheckDetail, CheckRow, ObjectiveView, TargetRow
from lexops.errors import InvalidRequest, Refused
from lexops.escalation.model import State as CourseState
from lexops.gate.model import Approval, RequestView, StepView
from lexops.incidents.model import Entry, Incident, LinkKind, SavedView
from lexops.outbox.model import Attempt, Message, MessageView
from lexops.sla.model import ClockKind, ClockState, Facts
from lexops.sla.view import Explanation, Restatement, Ticket
from lexops.sla.view import Report as MonthReport
from lexops.tui.clocks import clock_rows
from lexops.tui.duty import (
    ArticleView,
    Course,
    Dossier,
    Duty,
    Known,
    Ladder,
    OwnShift,
    RotaView,
    Rung,
    Work,
)
from lexops.tui.edge import Edge
from lexops.tui.ink import Ink, Line, cells, fitted, plain, wrapped
from lexops.tui.places import (
    ArticlePlace,
    CheckPlace,
    EntryPlace,
    IncidentPlace,
    MessagePlace,
    OnCallPlace,
    OutboxPlace,
    RequestPlace,
    WorkPlace,
)
from lexops.tui.presenters import (
    check,
    checks,
    clocks,
    confirm,
    explanation,
    forms,
    header,
    incidents,
    jump,
    knowledge,
    months,
    objectives,
    oncall,
    outbox,
    overview,
    proof,
    queue,
    requests,
    work,
)
from lexops.tui.presenters.banners import banner_lines
from lexops.tui.presenters.columns import place, row_line
from lexops.tui.presenters.search import matches, score
from lexops.tui.snapshot import Snapshot, Trouble
from lexops.tui.views import Covered, EntryView, HeadsView, LogRow, SessionView, SigningTask
from tests.tui import duty as people
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
    clock,
    detail,
    explained,
    fleet,
    intact,
    month_report,
    objective,
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


def hostile_duty(text: str) -> Duty:
    return people.duty(
        courses={41: Course(CourseState.RUNNING, text, NOW)},
        views=(SavedView(text, text, text),),
        unmanned=(text,),
        undelivered=2,
        promises=(people.promise(),),
        unclear=(text,),
    )


def hostile_dossier(text: str) -> Dossier:
    known = people.dossier()
    found = tuple(replace(each, title=text, solved=text) for each in known.known.similar)
    return replace(
        known,
        ladder=Ladder(
            text, (Rung(NOW, text, True, text, text, True), Rung(NOW, text, False, text, text)), True
        ),
        children=(hostile_incident(text),),
        parent=hostile_incident(text),
        links=tuple(
            replace(each, ref=text, operator=text, kind=kind) for each in known.links for kind in LinkKind
        ),
        attachments=tuple(replace(each, name=text, operator=text) for each in known.attachments),
        watchers=(text,),
        known=Known(found, (replace(known.known.articles[0], title=text, id=text),), (text,), text),
        runbook=text,
        unclear=(text,),
    )


def hostile_rota(text: str) -> RotaView:
    rota = people.rotas()[1]
    shifts = tuple(replace(each, person=text, layer=text) for each in rota.shifts)
    return replace(rota, name=text, title=text, shifts=shifts, now=shifts[0], following=shifts[1])


def hostile_message(text: str) -> Message:
    values = {text: text}
    return people.message(subject=text, template=text, values=values, error=text, proof=text)


def hostile_article(text: str) -> ArticleView:
    known = people.article()
    article = replace(known.article, title=text, body=text, checks=(text,), tags=(text,), runbooks=(text,))
    return replace(known, article=article, by=text, why=text)


def hostile_around(text: str) -> queue.Around:
    return queue.Around(NOW, hostile_duty(text), {41: clock()}, text, {text: text}, {41: 3}, {41})


def hostile_queue(text: str, width: int) -> list[Line]:
    found = queue.arranged([hostile_incident(text)], queue.Wanted(), hostile_around(text))
    with suppress(InvalidRequest):
        queue.read(text)
    return [queue.chips(found.views, found.counts, len(found.views) - 1, width)]


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


def hostile_ticket(text: str) -> Ticket:
    facts = Facts(text, text, text, text, text)
    clocks = tuple(
        clock(kind, 30, state, facts=facts, policy=text, calendar=text, contract=text)
        for kind in ClockKind
        for state in ClockState
    )
    return Ticket(hostile_incident(text), clocks)


def hostile_explanation(text: str) -> Explanation:
    known = explained(hostile_ticket(text))
    return replace(
        known,
        told=tuple(
            replace(
                told, lines=(text,) * 3, segments=tuple(replace(each, why=text) for each in told.segments)
            )
            for told in known.told
        ),
    )


def hostile_month(text: str) -> MonthReport:
    report = month_report("2026-11")
    return replace(
        report,
        site=text,
        zone=text,
        attainments=tuple(replace(each, name=text, group=text) for each in report.attainments),
        breaches=tuple(
            replace(each, title=text, priority=text, client=text, provider=text, reason=text)
            for each in report.breaches
        ),
        days=tuple(replace(each, client=text) for each in report.days),
        definitions=(text,),
        digest=text,
        closed=NOW,
        restatements=(Restatement(text, text, text),),
        tampered=text,
        behind=3,
    )


def hostile_objective(text: str) -> ObjectiveView:
    return objective(text, title=text, client=text, targets=(text,) * 3, unseen=(text,))


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
        clocks=(hostile_ticket(text),),
        told={41: hostile_explanation(text)},
        report_of=lambda month: replace(hostile_month(text), month=month),
        promised=(hostile_objective(text), objective()),
        on_duty=hostile_duty(text),
        dossiers={41: hostile_dossier(text)},
        helps=hostile_dossier(text).known,
        manned=(hostile_rota(text),),
        sent=(hostile_message(text),),
        written=hostile_article(text),
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
        row_line(incident, place(queue.columns([incident], hostile_around(text)), width)),
        *hostile_queue(text, width),
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
    ticket = hostile_ticket(text)
    for clocks_, dossier in ((ticket, hostile_dossier(text)), (text, text)):
        page = incidents.Known(ticket.incident, timeline, known.row, clocks_, dossier)
        assert_harmless([row.line for row in incidents.about_rows(page, NOW, ZONE, width)])
    assert_harmless([row.line for row in incidents.Timeline().rows(timeline, ZONE, width)])
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
@given(anything, st.integers(24, 140))
@example(NASTY[-1], 80)
def test_every_presenter_of_people_and_messages_is_harmless(text: str, width: int) -> None:
    snapshot = Snapshot(1, fleet(), (hostile_incident(text),), duty=hostile_duty(text))
    tasks = work.tasks(
        snapshot, Work((OwnShift(text, hostile_rota(text).now),), hostile_duty(text).promises), NOW, ZONE
    )
    rota, sent = hostile_rota(text), hostile_message(text)
    view = MessageView(sent, (Attempt(1, NOW, text, text, False, text),))
    lines = [
        *(row_line(each, place(work.columns(tasks), width)) for each in tasks),
        *(
            row_line(each, place(overview.need_columns(overview.needs(snapshot, NOW), NOW), width))
            for each in overview.needs(snapshot, NOW)
        ),
        row_line(rota, place(oncall.columns([rota], NOW.date(), NOW, ZONE), width)),
        row_line(sent, place(outbox.columns([sent], NOW), width)),
        *oncall.shift_lines(rota, NOW, ZONE, width),
    ]
    assert_harmless(lines, width)
    assert_harmless(outbox.message_lines(view, NOW, ZONE, width))
    assert_harmless(knowledge.article_lines(hostile_article(text), ZONE, width))
    matches(text, work.haystack(tasks[0]) + oncall.haystack(rota) + outbox.haystack(sent))


@quick
@given(anything, st.integers(1, 180))
@example(NASTY[-1], 80)
def test_every_list_and_table_of_the_clocks_is_harmless(text: str, width: int) -> None:
    rows = clock_rows([hostile_ticket(text)])
    report, goal = hostile_month(text), hostile_objective(text)
    lines = [
        *(row_line(row, place(clocks.columns(rows, NOW, ZONE), width)) for row in rows),
        *(
            row_line(row, place(months.breach_columns(report.breaches, ZONE), width))
            for row in report.breaches
        ),
        row_line(goal, place(objectives.columns([goal]), width)),
        *clocks.clock_lines([row.clock for row in rows], NOW, ZONE, width),
    ]
    assert_harmless(lines, width)
    matches(text, "".join(map(clocks.haystack, rows)) + objectives.haystack(goal))
    matches(text, "".join(map(months.breach_haystack, report.breaches)))


@quick
@given(anything, st.integers(72, 180))
def test_every_page_of_the_clocks_is_harmless(text: str, width: int) -> None:
    report, told = hostile_month(text), hostile_explanation(text)
    assert_harmless(explanation.explanation_lines(told, 0, NOW, ZONE, width))
    assert_harmless([explanation.state_words(told.told[0].clock, NOW)])
    assert_harmless(months.heat_lines(report, width), width)
    assert_harmless(months.attainment_lines(report.attainments, width), width)
    assert_harmless(months.summary_lines(report, ZONE, width), width)
    assert_harmless(objectives.objective_lines(hostile_objective(text), width))


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
        for keys in (("9",), ("enter",), ("m", "m"), ("9", "m"), ("t",), ("b",)):
            await d.press(*keys)
            await look()
        for place_ in (
            OnCallPlace(),
            WorkPlace(),
            OutboxPlace(),
            MessagePlace(5),
            ArticlePlace("standby-lag"),
        ):
            await d.console.go(place_)
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
