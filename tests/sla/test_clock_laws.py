"""What holds for every clock, whatever happened to its ticket."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from lexops.calendars.business import BusinessTime, moment, seconds
from lexops.calendars.model import Calendar, Day, Period
from lexops.sla.clock import clocks, deadline, signals, spent
from lexops.sla.model import Book, Change, Clock, ClockState, Facts, Happening, Pause, TicketEvent
from tests.sla.tickets import LONDON, NOTICE, OFFICE, RESOLUTION, RESPONSE, UPDATE, at, policy, revised, week

START = at("2026-03-26 08:00")
"""Two working days before the clocks go forward in London."""
SPAN = 12 * 86_400
HOLIDAY = {date(2026, 4, 3): Day(date(2026, 4, 3), "Good Friday")}
CALENDARS = (
    replace(OFFICE, days=HOLIDAY),
    Calendar("nights", (Period(LONDON, (((0, 21_600), (79_200, 86_400)),) * 7),)),
    Calendar(
        "moving",
        (
            Period(LONDON, week("09:00-12:30 13:30-17:30")),
            Period(ZoneInfo("America/New_York"), week("08:00-16:00"), since=date(2026, 3, 31)),
        ),
    ),
)
TIMES = [BusinessTime(each) for each in CALENDARS]
FREE = [Happening.PAUSED, Happening.RESUMED, Happening.ASKED, Happening.ANSWERED, Happening.RESOLVED]
KINDS = st.sampled_from([*FREE, *FREE, Happening.REOPENED, Happening.CLASSIFIED, Happening.AWARE])
FACTS = st.builds(Facts, st.sampled_from(["P1", "P3"]), st.sampled_from(["", "acme"]))
# Some on the quarter of an hour, so that several happen at one moment and at openings and closings.
OFFSETS = st.one_of(st.integers(0, SPAN), st.integers(0, SPAN // 900).map(lambda quarter: quarter * 900))


@st.composite
def tickets(draw: st.DrawFn) -> list[TicketEvent]:
    """What happened to a ticket, in any order and not always possible."""
    found = [TicketEvent(START, Happening.OPENED, facts=draw(FACTS))]
    happened = draw(st.lists(st.tuples(OFFSETS, KINDS), max_size=12))
    for number, (offset, kind) in enumerate(happened, 1):
        facts = draw(FACTS) if kind is Happening.CLASSIFIED else None
        text = draw(st.sampled_from(["EU", "UK"])) if kind is Happening.AWARE else ""
        found.append(TicketEvent(START + timedelta(seconds=offset), kind, number, facts, text))
    return found


@st.composite
def books(draw: st.DrawFn) -> Book:
    budgets = {RESPONSE: draw(st.integers(1, 20)), UPDATE: draw(st.integers(1, 20)), RESOLUTION: 10}
    pausing = draw(st.sampled_from([frozenset(), frozenset({UPDATE, RESOLUTION}), frozenset(budgets)]))
    change = draw(st.sampled_from(list(Change)))
    usual = draw(st.sampled_from(CALENDARS)).name
    std = policy(usual, budgets=budgets, pausing=pausing, change=change)
    acme = policy("nights", name="acme", budgets={RESOLUTION: 3}, fits=Facts(client="acme"))
    return Book(
        {each.name: revised(each) for each in CALENDARS}, {"std": revised(std), "acme": revised(acme)}
    )


NOWS = OFFSETS.map(lambda offset: START + timedelta(seconds=offset))


@st.composite
def apart(draw: st.DrawFn) -> tuple[Pause, ...]:
    """Pauses, sorted and apart; the last one may go on."""
    edges = sorted(draw(st.lists(OFFSETS, max_size=8, unique=True)))
    begin = seconds(START)
    found = [Pause(begin + start, begin + end) for start, end in zip(edges[::2], edges[1::2], strict=False)]
    if len(edges) % 2 and draw(st.booleans()):
        found.append(Pause(begin + edges[-1], None))
    return tuple(found)


def by_name(found: tuple[Clock, ...]) -> dict[tuple[str, int], Clock]:
    return {(clock.kind, clock.round): clock for clock in found}


@given(tickets(), books(), NOWS, st.randoms())
def test_clocks_do_not_depend_on_the_order_in_which_events_arrive(
    events: list[TicketEvent], book: Book, now: datetime, random: object
) -> None:
    shuffled = list(events)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert clocks(shuffled, book, now) == clocks(events, book, now)


@given(tickets(), books(), NOWS, NOWS)
def test_what_is_used_never_gets_less_while_time_goes_on(
    events: list[TicketEvent], book: Book, one: datetime, other: datetime
) -> None:
    # Only time goes on: what happens in between, as a re-opening, may say otherwise.
    earlier, later = sorted((one, other))
    known = [event for event in events if event.at <= earlier]
    before, after = (by_name(clocks(known, book, now)) for now in (earlier, later))
    assert before.keys() == after.keys()
    for name, clock in before.items():
        assert clock.worked <= after[name].worked
        assert clock.due == after[name].due or clock.state is ClockState.PAUSED


@given(tickets(), books(), NOWS)
def test_every_second_is_counted_paused_or_closed(
    events: list[TicketEvent], book: Book, now: datetime
) -> None:
    for clock in clocks(events, book, now):
        if clock.kind is NOTICE:
            assert clock.worked == clock.end - clock.start
            continue
        time = book.revised(clock.calendar, clock.calendar_revision)
        assert clock.worked >= 0 <= clock.paused
        assert clock.worked + clock.paused == time.elapsed(clock.start, clock.end)
        assert all(pause.start >= clock.start for pause in clock.pauses)
        for one, other in zip(clock.pauses, clock.pauses[1:], strict=False):
            assert one.end is not None
            assert one.end <= other.start


@given(tickets(), books(), NOWS)
def test_due_and_used_agree(events: list[TicketEvent], book: Book, now: datetime) -> None:
    for clock in clocks(events, book, now):
        if clock.due is None:
            assert clock.state is ClockState.PAUSED or clock.state is ClockState.CANCELLED
            assert clock.worked < clock.budget
        elif clock.kind is not NOTICE:
            time = book.revised(clock.calendar, clock.calendar_revision)
            assert spent(time, clock.start, clock.due, clock.pauses) == clock.budget
            assert spent(time, clock.start, clock.due - 1, clock.pauses) == clock.budget - 1
            beyond = spent(time, clock.due, max(clock.due, clock.end), clock.pauses)
            assert clock.is_breached == (beyond > 0)


@given(tickets(), books(), NOWS)
def test_the_state_says_what_the_numbers_say(events: list[TicketEvent], book: Book, now: datetime) -> None:
    for clock in clocks(events, book, now):
        assert clock.is_breached == (clock.state in (ClockState.OVERDUE, ClockState.MISSED)) or (
            clock.state is ClockState.CANCELLED
        )
        reached = list(signals(clock, book))
        assert clock.is_breached == (100 in [percent for percent, _ in reached])
        assert [when for _, when in reached] == sorted(when for _, when in reached)
        assert all(seconds(when) <= clock.end for _, when in reached)


FINISHING = st.sampled_from(
    [Happening.PAUSED, Happening.RESUMED, Happening.ASKED, Happening.ANSWERED, Happening.REOPENED]
)


@given(
    tickets(),
    books(),
    NOWS,
    st.lists(st.tuples(st.integers(1, SPAN), FINISHING), max_size=5),
    st.sampled_from(CALENDARS),
)
def test_what_is_over_never_changes_but_by_reopening_or_correction(
    events: list[TicketEvent],
    book: Book,
    now: datetime,
    later: list[tuple[int, Happening]],
    other: Calendar,
) -> None:
    known = [event for event in events if event.at <= now]
    over = {name: clock for name, clock in by_name(clocks(known, book, now)).items() if clock.state.is_over}
    assume(over)
    grown = [
        *known,
        *(
            TicketEvent(now + timedelta(seconds=wait), kind, 100 + place)
            for place, (wait, kind) in enumerate(later)
        ),
    ]
    entered = now + timedelta(seconds=1)
    stricter = policy(other.name, budgets=dict.fromkeys((RESPONSE, UPDATE, RESOLUTION), 1))
    hours = Calendar(other.name, (Period(LONDON, week("00:00-24:00", "00:00-24:00")),))
    changed = Book(
        {**book.calendars, other.name: revised(other, hours, recorded=(entered,))},
        {
            **book.policies,
            "std": revised(book.policies["std"][0].value, stricter, recorded=(entered,)),
            "new": [
                replace(
                    revised(replace(stricter, name="new", fits=Facts(client="acme")))[0], recorded=entered
                )
            ],
        },
    )
    after = by_name(clocks(grown, changed, now + timedelta(days=90)))
    if any(kind is Happening.REOPENED for _, kind in later):
        over.pop((RESOLUTION, 1), None)
    assert {name: after[name] for name in over} == over


@given(tickets(), books(), NOWS)
def test_a_correction_is_as_if_it_had_always_been_so(
    events: list[TicketEvent], book: Book, now: datetime
) -> None:
    right = policy("nights", budgets={RESPONSE: 3, RESOLUTION: 5})
    old = book.policies["std"][0].value
    corrected = Book(
        book.calendars,
        {**book.policies, "std": revised(old, right, recorded=(now,), corrections=(2,))},
    )
    always = Book(book.calendars, {**book.policies, "std": revised(right)})

    def without_number(found: tuple[Clock, ...]) -> list[Clock]:
        return [replace(clock, policy_revision=0) for clock in found]

    assert without_number(clocks(events, corrected, now)) == without_number(clocks(events, always, now))


@given(st.sampled_from(TIMES), OFFSETS, st.integers(1, 100_000), apart(), OFFSETS, st.integers(1, 200_000))
def test_one_more_pause_never_shortens(
    time: BusinessTime, begin: int, budget: int, pauses: tuple[Pause, ...], begins: int, lasts: int
) -> None:
    start = seconds(START) + begin
    more = Pause(seconds(START) + begins, seconds(START) + begins + lasts)
    assume(all(pause.end is not None for pause in pauses))
    assume(all(more.end <= each.start or more.start >= (each.end or 0) for each in pauses))  # type: ignore[operator]
    without = deadline(time, start, budget, pauses)
    longer = deadline(time, start, budget, sorted([*pauses, more], key=lambda each: each.start))
    assert without is not None
    assert longer is not None
    assert longer >= without
    end = start + SPAN
    assert spent(time, start, end, [*pauses, more]) <= spent(time, start, end, pauses)


@given(st.sampled_from(TIMES), OFFSETS, st.integers(1, 100_000), apart(), st.data())
def test_a_pause_in_two_touching_parts_is_the_same_pause(
    time: BusinessTime, begin: int, budget: int, pauses: tuple[Pause, ...], data: st.DataObject
) -> None:
    assume(pauses)
    place = data.draw(st.integers(0, len(pauses) - 1))
    whole = pauses[place]
    until = whole.end or whole.start + SPAN
    assume(until - whole.start > 1)
    cut = data.draw(st.integers(whole.start + 1, until - 1))
    parts = [*pauses[:place], Pause(whole.start, cut), Pause(cut, whole.end), *pauses[place + 1 :]]
    start = seconds(START) + begin
    assert deadline(time, start, budget, parts) == deadline(time, start, budget, pauses)
    for end in (start, cut, start + SPAN):
        assert spent(time, start, max(start, end), parts) == spent(time, start, max(start, end), pauses)


@given(tickets(), books(), NOWS, st.integers(1, SPAN))
def test_a_break_of_no_length_in_a_pause_changes_nothing(
    events: list[TicketEvent], book: Book, now: datetime, into: int
) -> None:
    """Resumed and paused again at one moment: the ticket waits on."""
    paused = [event for event in events if event.kind is Happening.PAUSED]
    assume(paused)
    when = paused[0].at + timedelta(seconds=into)
    assume(not any(paused[0].at < event.at <= when for event in events))
    assume(not any(event.at == paused[0].at and event is not paused[0] for event in events))
    broken = [*events, TicketEvent(when, Happening.RESUMED, 200), TicketEvent(when, Happening.PAUSED, 201)]

    def numbers(found: tuple[Clock, ...]) -> list[tuple[object, ...]]:
        return [(each.kind, each.round, each.state, each.worked, each.due, each.paused) for each in found]

    assert numbers(clocks(broken, book, now)) == numbers(clocks(events, book, now))


@given(st.sampled_from(TIMES), OFFSETS, st.integers(1, 100_000), apart())
def test_the_due_moment_is_the_first_by_which_the_budget_is_used(
    time: BusinessTime, begin: int, budget: int, pauses: tuple[Pause, ...]
) -> None:
    start = seconds(START) + begin
    due = deadline(time, start, budget, pauses)
    if due is None:
        last = pauses[-1]
        assert last.end is None
        assert spent(time, start, max(start, last.start), pauses) < budget
        return
    assert spent(time, start, due, pauses) == budget
    assert spent(time, start, due - 1, pauses) == budget - 1
    assert moment(due) >= START
