"""The queue, the page of an incident, rotas and messages: what they look like. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.errors import InvalidRequest
from lexops.escalation.model import State as CourseState
from lexops.incidents.model import Entry, EntryKind, Incident, LinkKind, SavedView, State
from lexops.incidents.query import Query, Sort
from lexops.oncall.model import NO_END, Shift
from lexops.outbox.model import State as MessageState
from lexops.sla.model import ClockState
from lexops.tui.duty import Course, Duty, OwnShift, RotaView, Work
from lexops.tui.ink import Tone, cells, fitted, plain
from lexops.tui.places import ArticlePlace, CheckPlace, IncidentPlace, OnCallPlace, OutboxPlace, RequestPlace
from lexops.tui.presenters import incidents, oncall, outbox, overview, queue, work
from lexops.tui.presenters.columns import place, row_line
from lexops.tui.presenters.ladder import ladder_rows
from lexops.tui.snapshot import Snapshot
from lexops.tui.views import SessionView
from tests.tui import duty as people
from tests.tui.port import INCIDENTS, NOW, RESOLVED, TIMELINE, ZONE, ago, clock, fleet, request, tickets

LAG, INVOICES, CERTIFICATE = INCIDENTS
CHILD = replace(LAG, id=42, title="Portal is slow", parent=41, severity=CERTIFICATE.severity)
ME = SessionView("ana", "o-ana", "support")


def around(**more: object) -> queue.Around:
    given: dict[str, object] = {
        "duty": people.duty(),
        "nexts": {41: clock(left=41), 38: clock(left=90), 39: clock(state=ClockState.PAUSED)},
        "me": "ana",
        "environments": {"billing-db": "production"},
    }
    return queue.Around(NOW, **{**given, **more})  # type: ignore[arg-type]


def numbers(rows: list[Incident], filter: str = "", **wanted: object) -> list[int]:
    asked = queue.Wanted(filter=queue.read(filter), **wanted)  # type: ignore[arg-type]
    return [each.id for each in queue.arranged(rows, asked, around()).rows]


# Choosing


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [41, 38, 39]),
        ("lag", [41]),
        ("!lag", [38, 39]),
        ("-lag", [38, 39]),
        ("owner:me", [39]),
        ("owner:none", [41, 38]),
        ("priority:P1,P2", [41]),
        ("target:billing-*", [41, 39]),
        ("is:critical", [41]),
        ("!is:critical is:open", [38]),
        ("is:taken", [39]),
        ("is:watched", [38]),
        ("watching:bo", [41, 38]),
        ("watching:none", [39]),
        ("environment:production client:acme", [41]),
        ("#39", [39]),
    ],
)
def test_the_filter_takes_the_notation_of_the_command_line_and_that_of_the_other_lists(
    text: str, found: list[int]
) -> None:
    assert numbers(list(INCIDENTS), text) == found


def test_a_word_that_is_no_fact_is_named() -> None:
    with pytest.raises(InvalidRequest, match="p9 is no priority"):
        queue.read("priority:P9")


@given(st.text(st.sampled_from("!-:\"'is owner, *?#41"), max_size=20))
def test_whatever_is_typed_is_a_filter_or_is_refused_as_one(text: str) -> None:
    try:
        queue.read(text)
    except InvalidRequest as error:
        assert "filter" in str(error)


def test_a_view_of_what_is_over_has_no_number_before_that_is_read() -> None:
    saved = people.duty(views=(SavedView("ended", "ana", "state:resolved"),))
    for whole, count, said in ((False, None, "ended"), (True, 0, "ended 0")):
        found = queue.arranged(INCIDENTS, queue.Wanted(), around(duty=saved, whole=whole))
        assert (found.views[-1].name, found.counts[-1]) == ("ended", count)
        assert plain(queue.chips(found.views, found.counts, 0, 200)).rstrip().endswith(said)


def test_the_views_are_counted_and_a_saved_one_that_cannot_be_read_says_why() -> None:
    saved = (SavedView("mine-now", "ana", "owner:me"), SavedView("odd", "", "nonsense:x"))
    known = around(duty=people.duty(views=saved))
    found = queue.arranged(INCIDENTS, queue.Wanted(), known)
    counts = dict(zip((view.name for view in found.views), found.counts, strict=True))
    assert counts == {
        "all": 3,
        "mine": 1,
        "watched": 1,
        "unowned": 2,
        "breaching": 2,
        "waiting": 0,
        "mine-now": 1,
        "odd": 0,
    }
    assert "nonsense: is no fact" in found.views[-1].why
    last = queue.arranged(INCIDENTS, queue.Wanted(view=7), known)
    assert list(last.rows) == []


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        (None, [41, 38, 39, 17]),
        (Sort.BREACH, [41, 38, 39, 17]),
        (Sort.AGE, [17, 38, 39, 41]),
    ],
)
def test_what_nobody_has_taken_comes_first_unless_another_order_is_asked_for(
    sort: Sort | None, found: list[int]
) -> None:
    rows = [RESOLVED, *reversed(INCIDENTS)]
    assert numbers(rows, sort=sort) == found


def test_a_clock_that_waits_breaks_nothing_next() -> None:
    rows = [INVOICES, replace(CERTIFICATE, id=50), LAG]
    assert numbers(rows, "sort:breach")[0] == 41
    assert numbers(list(INCIDENTS), view=4) == [41, 38]


def test_children_are_counted_folded_and_found() -> None:
    rows = [*INCIDENTS, CHILD, replace(CHILD, id=43), replace(CHILD, id=44, parent=99)]
    found = queue.arranged(rows, queue.Wanted(), around())
    assert [each.id for each in found.rows] == [41, 44, 38, 39] and found.around.children[41] == 2
    assert numbers(rows, unfolded=True) == [41, 42, 43, 44, 38, 39]
    assert numbers(rows, "slow") == [42, 43, 44]
    placed = place(queue.columns(found.rows, found.around), 120)
    assert "▸ 2" in plain(row_line(found.rows[0], placed))


@pytest.mark.parametrize("width", [20, 40, 60, 80])
def test_the_chosen_view_is_always_in_sight(width: int) -> None:
    known = queue.views(people.duty())
    for chosen in range(len(known)):
        line = queue.chips(known, [10_000] * len(known), chosen, width)
        assert cells(line) == width
        assert any(piece.tone is Tone.CHIP and known[chosen].name[:8] in piece.text for piece in line)


def test_ten_thousand_incidents_are_all_there() -> None:
    rows = [replace(LAG, id=n, parent=n - 1 if n % 100 else None) for n in range(1, 10_001)]
    found = queue.arranged(rows, queue.Wanted(), around())
    assert found.counts[0] == 10_000 and len(found.rows) <= 10_000


# Rows


@pytest.mark.parametrize(
    ("incident", "duty", "said", "tone"),
    [
        (LAG, people.duty(), "→ ana 3 m", Tone.PLAIN),
        (
            LAG,
            people.duty(courses={41: Course(CourseState.RUNNING, "ana", ago(minutes=1))}),
            "→ ana now",
            Tone.PLAIN,
        ),
        (LAG, people.duty(courses={41: Course(CourseState.RUNNING, "", NOW)}), "→ nobody now", Tone.WARNING),
        (LAG, people.duty(courses={41: Course(CourseState.HELD)}), "held", Tone.QUIET),
        (LAG, people.duty(courses={41: Course(CourseState.EXHAUSTED)}), "✖ unanswered", Tone.CRITICAL),
        (CERTIFICATE, people.duty(), "nobody", Tone.WARNING),
        (CERTIFICATE, Duty(), "nobody", Tone.QUIET),
        (INVOICES, people.duty(), "taken by ana", Tone.QUIET),
        (replace(INVOICES, state=State.WAITING), people.duty(), "taken by ana", Tone.QUIET),
        (replace(CERTIFICATE, state=State.WAITING), people.duty(), "waits", Tone.QUIET),
        (CHILD, people.duty(), "under #41", Tone.QUIET),
        (RESOLVED, people.duty(), "", Tone.PLAIN),
    ],
)
def test_who_is_told_next_is_said_in_a_word(incident: Incident, duty: Duty, said: str, tone: Tone) -> None:
    ink = queue.course_ink(incident, around(duty=duty))
    assert (ink.text, ink.tone) == (said, tone)


@pytest.mark.parametrize("who", ["channel operations", "ana, bartholomew, mia", "日本語の人たち"])
def test_when_somebody_is_told_next_is_seen_however_long_their_name_is(who: str) -> None:
    due = NOW + timedelta(minutes=12)
    soon = around(duty=people.duty(courses={41: Course(CourseState.RUNNING, who, due)}))
    told = next(each for each in queue.columns([LAG], soon) if each.name == "told next")
    assert plain(fitted(told.cell(LAG), told.width)).rstrip().endswith("… 12 m")


@pytest.mark.parametrize(
    ("width", "missing"), [(77, {"target", "owner", "state"}), (120, set()), (190, set())]
)
def test_a_narrow_queue_keeps_what_triage_needs(width: int, missing: set[str]) -> None:
    rows = queue.arranged([*INCIDENTS, CHILD], queue.Wanted(), around()).rows
    shown = {column.name for column, _ in place(queue.columns(rows, around(children={41: 1})), width)}
    wanted = {"age", "prio", "severity", "no.", "title", "target", "owner", "state", "due", "told next"}
    assert wanted - shown == missing


# The page of an incident


def page(width: int = 90, **more: object) -> list[incidents.Row]:
    given: dict[str, object] = {"clocks": tickets()[0], "dossier": people.dossier((CHILD,))}
    known = incidents.Known(LAG, TIMELINE, fleet().checks[0], **{**given, **more})  # type: ignore[arg-type]
    return incidents.about_rows(known, NOW, ZONE, width)


def said(rows: list[incidents.Row]) -> str:
    return "\n".join(plain(row.line) for row in rows)


def test_the_page_of_an_incident_has_everything_that_belongs_to_it_and_where_it_leads() -> None:
    rows = page()
    for words in (
        "open, nobody has taken it; → ana (dba second) in 3 m",
        "P1, client acme  opened 2026-11-21 14:50:09 CET, 12 m ago",
        "✔ 21 Nov 14:52  level 1: bo (dba on call)  mail delivered",
        "✖ 21 Nov 14:57  channel ops  failed: connection refused",
        "→ 21 Nov 15:20  level 3: role manager  in 18 m  would be dora and eli",
        "#42 Portal is slow",
        "recurrence of #17",
        "caused by check web-2/host.ssh",
        "file slots.txt  812 bytes, ana; lexops incident attachment 3 --to FILE",
        "runbook free-standby-disk",
        "watched by bo, dora",
        "#17 26 Mar 2026  Standby disk full",
        "  freed the disk, slot web2 dropped",
        "not solved yet",
        "When the standby lags  standby-lag  400d  ▲ stale",
    ):
        assert words in said(rows), words
    places = {row.place for row in rows}
    assert {
        IncidentPlace(42),
        IncidentPlace(17),
        CheckPlace("web-2", "host.ssh"),
        ArticlePlace("standby-lag"),
    } <= places
    assert len({row.key for row in rows}) == len(rows)
    assert all(cells(row.line) <= 90 for row in rows)


def test_what_cannot_be_read_of_an_incident_is_said_and_hides_nothing() -> None:
    text = said(page(dossier="the policy is damaged", clocks="the calendar is damaged"))
    assert "▲ the policy is damaged" in text and "▲ the calendar is damaged" in text and "now " in text
    assert "▲ no index" in said(page(dossier=people.dossier(unclear=("no index",))))


@pytest.mark.parametrize(
    ("kind", "ref", "found"),
    [
        (LinkKind.INCIDENT, "17", IncidentPlace(17)),
        (LinkKind.INCIDENT, "x" * 20, None),
        (LinkKind.REQUEST, "12", RequestPlace(12)),
        (LinkKind.CHECK, "web-2", None),
        (LinkKind.URL, "https://vendor.example", None),
        (LinkKind.ARTICLE, "standby-lag", ArticlePlace("standby-lag")),
    ],
)
def test_a_link_leads_where_the_console_can_go(kind: LinkKind, ref: str, found: object) -> None:
    link = replace(people.dossier().links[0], kind=kind, ref=ref)
    assert incidents.link_place(link) == found


def test_the_newest_of_five_thousand_entries_stands_first_and_nothing_is_wrapped_twice() -> None:
    entries = [Entry(ago(minutes=n), EntryKind.NOTE, "ana", f"note {n} " * 20) for n in range(5_000, 0, -1)]
    kept = incidents.Timeline()
    first = kept.rows(entries, ZONE, 80)
    assert "note 1 " in plain(first[0].line) and len(first) > 5_000
    merged = Entry(NOW, EntryKind.MERGED, "bo", "the same as #17", {"from": "17"})
    again = kept.rows([*entries, merged], ZONE, 80)
    assert again[0].place == IncidentPlace(17) and again[1] is first[0]
    assert len({row.key for row in again}) == len(again)


def test_only_the_last_rungs_and_the_next_ones_are_listed() -> None:
    rung = people.ladder().rungs[0]
    told = tuple(replace(rung, at=ago(minutes=n)) for n in range(9, 0, -1))
    coming = tuple(replace(rung, at=ago(minutes=-n), told=False) for n in range(1, 9))
    ladder = replace(people.ladder(), rungs=(*told, *coming), alarming=True)
    text = said(ladder_rows(ladder, NOW, ZONE, 80))
    assert "and 5 earlier" in text and "and 3 later" in text and text.startswith("▲ Policy databases")


# On call


def test_the_strip_has_a_sign_for_each_day_and_a_cross_where_anybody_is_missing() -> None:
    dba, portal, vendor = people.rotas()
    first = date(2026, 11, 21)
    strip = oncall.days(dba, first, ZONE)
    assert [each.person for each in strip[:3]] == ["ana", "ana", "ana"] and strip[2].several
    assert [each.gap for each in oncall.days(portal, first, ZONE)[:4]] == [False, True, True, False]
    assert all(each.gap and not each.person for each in oncall.days(vendor, first, ZONE))
    for width in (77, 120):
        drawn = [
            plain(row_line(each, place(oncall.columns([each], first, NOW, ZONE), width)))
            for each in people.rotas()
        ]
        assert "an an an·bo" in drawn[0] and "do do✖el✖el" in drawn[1] and drawn[2].count("✖✖") == 14
        assert "✖ nobody" in drawn[2] and max(map(len, drawn)) <= width


def test_wide_names_leave_every_day_under_its_date() -> None:
    first = date(2026, 11, 21)
    heading = [f"{(first + timedelta(days=n)).day}" for n in range(oncall.DAYS)]
    for name, short in (("田中", "田"), ("a田", "a "), ("ana", "an")):
        always = Shift(NOW - timedelta(days=60), NOW + timedelta(days=400), name, "week")
        rota = RotaView("dba", ZONE.key, always, (always,), able=frozenset({name}))
        (strip,) = (each for each in oncall.columns([rota], first, NOW, ZONE) if heading[0] in each.name)
        drawn = strip.cell(rota)
        assert plain(drawn) == f"{short} " * oncall.DAYS and cells(drawn) == 3 * oncall.DAYS


def test_a_day_of_twenty_five_hours_is_no_gap_and_whoever_may_not_act_is_one() -> None:
    zone = ZoneInfo("Europe/Vienna")
    always = Shift(NOW - timedelta(days=60), NOW + timedelta(days=400), "ana", "week")
    rota = RotaView("dba", zone.key, always, (always,), able=frozenset({"ana"}))
    for first in (date(2026, 10, 20), date(2027, 3, 22)):
        assert not any(each.gap for each in oncall.days(rota, first, zone))
    gone = replace(rota, able=frozenset({"bo"}))
    assert oncall.unmanned([rota, gone]) == ["dba"] and all(
        each.gap for each in oncall.days(gone, date(2026, 11, 21), zone)
    )
    assert "ana may not act here any more" in plain(oncall.shift_lines(gone, NOW, zone, 100)[0])


def test_who_serves_for_ever_is_followed_by_nobody_and_that_is_no_gap() -> None:
    always = Shift(NOW, NOW + timedelta(days=400), "ana", "week")
    rota = RotaView("dba", ZONE.key, always, (always,), able=frozenset({"ana"}))
    ends = replace(always, ends=NOW + timedelta(days=2))
    gap = Shift(ends.ends, NOW + timedelta(days=14), "", "")
    for view, said in ((rota, False), (replace(rota, now=ends, shifts=(ends, gap)), True)):
        drawn = plain(row_line(view, place(oncall.columns([view], NOW.date(), NOW, ZONE), 120)))
        assert ("nobody" in drawn) is said


def test_shifts_are_told_in_words_and_a_wanted_gap_says_so() -> None:
    lines = [plain(each) for each in oncall.shift_lines(people.rotas()[1], NOW, ZONE, 100)]
    assert "dora  day" in lines[0] and "✖ nobody is on call" in lines[1] and "eli  override" in lines[2]
    wanted = replace(people.rotas()[1], shifts=(replace(people.rotas()[1].shifts[1], layer="override"),))
    assert "and that was wanted" in plain(oncall.shift_lines(wanted, NOW, ZONE, 100)[0])


# Work, messages, overview


def snapshot(**more: object) -> Snapshot:
    return Snapshot(1, fleet(), INCIDENTS, session=ME, duty=people.duty(), **more)  # type: ignore[arg-type]


def test_my_work_begins_with_what_was_promised_and_ends_with_my_shifts() -> None:
    found = work.tasks(snapshot(requests=(request(),)), people.work(), NOW, ZONE)
    assert [(each.kind, each.place) for each in found] == [
        ("update", IncidentPlace(39)),
        ("request", RequestPlace(12)),
        ("mine", IncidentPlace(39)),
        ("watched", IncidentPlace(38)),
        ("shift", OnCallPlace()),
    ]
    assert found[0].remark.text == "over 2 m" and found[-1].remark.text == "on call"
    assert len({each.key for each in found}) == len(found)
    assert work.tasks(Snapshot(1, fleet(), INCIDENTS), Work(), NOW, ZONE) == []


def test_a_shift_whose_end_is_not_in_sight_names_none() -> None:
    now, later = people.rotas()[0].now, NOW + timedelta(days=9)
    shifts = (replace(now, ends=later), replace(now, ends=NO_END), replace(now, starts=later, ends=NO_END))
    mine = Work(tuple(OwnShift("dba", shift) for shift in shifts))
    day = f"{later.astimezone(ZONE):%a %d %b %H:%M}"
    found = work.tasks(Snapshot(1, fleet(), ()), mine, NOW, ZONE)
    assert [each.text for each in found] == [f"dba  until {day}", "dba", f"dba  from {day}"]


def test_failed_pages_come_first_and_say_why() -> None:
    rows = sorted(reversed(people.MESSAGES), key=outbox.order)
    assert [each.state for each in rows] == [
        MessageState.FAILED,
        MessageState.WAITING,
        MessageState.DELIVERED,
    ]
    drawn = [plain(row_line(each, place(outbox.columns(rows, NOW), 100))) for each in rows]
    assert "✖ failed" in drawn[0] and "connection refused" in drawn[0] and "250 queued" in drawn[2]
    assert not outbox.why_not(rows[0], outbox.RETRY) and "it is over" in outbox.why_not(rows[0], outbox.DROP)
    assert "has not failed" in outbox.why_not(rows[1], outbox.RETRY) and not outbox.why_not(
        rows[1], outbox.DROP
    )
    later = replace(rows[1], due=NOW + timedelta(minutes=5), error="451")
    assert "goes in 5 m; 451" in plain(row_line(later, place(outbox.columns([later], NOW), 100)))


def test_the_overview_says_that_nobody_is_on_call_and_what_reached_nobody() -> None:
    duty = people.duty(
        unmanned=("dba",), undelivered=2, promises=(people.promise(),), unclear=("a policy is damaged",)
    )
    needs = overview.needs(replace(snapshot(), duty=duty), NOW)
    assert [(each.place, each.text) for each in needs[:3]] == [
        (OnCallPlace(), "nobody is on call: dba"),
        (OutboxPlace(), "2 pages reached nobody"),
        (IncidentPlace(39), "update of #39 for partners"),
    ]
    assert needs[2].remark == "over 2 m" and needs[3].text == "a policy is damaged"
    later = people.duty(promises=(people.promise(promised=NOW + timedelta(hours=1)),))
    assert not any("partners" in each.text for each in overview.needs(replace(snapshot(), duty=later), NOW))


def test_the_overview_tells_what_is_taken_from_what_is_not() -> None:
    known = snapshot()
    rows = [row for row in fleet().checks if row.incident]
    takers = overview.takers(known, rows, NOW)
    assert {number: ink.text for number, ink in takers.items()} == {41: "→ ana", 39: "ana"}
    drawn = [plain(row_line(each, place(overview.urgent_columns(rows, NOW, takers), 76))) for each in rows]
    assert " → ana " in drawn[0] and " ana " in drawn[1] and "ack" not in drawn[1]
    needs = {each.place: each for each in overview.needs(known, NOW)}
    assert needs[IncidentPlace(38)].remark == "nobody" and IncidentPlace(39) not in needs
    calm = replace(known, duty=Duty())
    assert set(overview.takers(calm, rows, NOW)) == {39}
    assert {each.place: each for each in overview.needs(calm, NOW)}[IncidentPlace(38)].remark == ""


def test_what_is_listed_under_another_one_needs_nobody_of_its_own() -> None:
    needs = overview.needs(replace(snapshot(), incidents=(*INCIDENTS, CHILD)), NOW)
    assert IncidentPlace(42) not in {each.place for each in needs}
    alone = overview.needs(replace(snapshot(), incidents=(CHILD,)), NOW)
    assert IncidentPlace(42) in {each.place for each in alone}


def test_a_filter_that_is_empty_keeps_every_row() -> None:
    assert queue.read("   ") == Query()
