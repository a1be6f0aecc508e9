"""What holds for all rotas: random ones, on the nights that are hard, against the walk and each other."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from lexops.calendars.model import Revision
from lexops.oncall.model import Book, Layer, Override, Rota, Shift, Turn
from lexops.oncall.rotation import following, gaps, handoff, on_call, shifts, turn_at, turns_of, who
from tests.oncall.helping import LONG_AGO, revision, utc
from tests.oncall.oracle import NIGHTS, Night, people

PEOPLE = ("ana", "bo", "cy")
HOURS = (
    "",
    "mon-fri 09:00-17:00",
    "daily 22:00-06:00",
    "sat-sun 00:00-24:00",
    "daily 01:15-02:45 12:00-13:00",
)
nights = st.sampled_from(NIGHTS)


def minutes(night: Night) -> st.SearchStrategy[datetime]:
    count = (night.until - night.since) // timedelta(minutes=1)
    return st.integers(0, count).map(lambda n: night.since + timedelta(minutes=n))


@st.composite
def layers(draw: st.DrawFn, night: Night) -> Layer:
    start = draw(minutes(night)) - timedelta(days=draw(st.sampled_from([0, 3])))
    turn = draw(st.sampled_from(list(Turn)))
    # The walk begins with the span, and counts the hours of a turn from there.
    wall = start.astimezone(ZoneInfo(night.zone)).replace(tzinfo=None)
    first = night.since.astimezone(ZoneInfo(night.zone)).replace(tzinfo=None)
    return Layer(
        draw(st.sampled_from(["low", "high"])),
        tuple(draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4))),
        turn,
        max(wall, first) if turn is Turn.HOURLY else wall,
        draw(st.integers(1, 5)),
        draw(st.sampled_from(HOURS)),
        draw(st.sampled_from(["", "", "-london", "+london"])),
    )


@st.composite
def overrides(draw: st.DrawFn, night: Night, id: int) -> Override:
    starts = draw(minutes(night))
    return Override(
        id,
        "support",
        starts,
        starts + timedelta(minutes=draw(st.integers(1, 2000))),
        draw(st.sampled_from([*PEOPLE, ""])),
        draw(st.sampled_from([*PEOPLE, "", ""])),
        "ill",
        "sam",
        draw(st.one_of(st.just(LONG_AGO), minutes(night))),
        draw(st.one_of(st.none(), minutes(night))),
    )


@st.composite
def books(draw: st.DrawFn, night: Night) -> Book:
    count = draw(st.integers(1, 3))
    recorded = sorted([LONG_AGO, *(draw(minutes(night)) for _ in range(count - 1))])
    entered = [
        revision(
            Rota("support", night.zone, tuple(draw(st.lists(layers(night), max_size=3)))),
            number,
            when,
            draw(st.integers(0, 4)) == 0,
        )
        for number, when in enumerate(recorded, 1)
    ]
    taken = tuple(draw(overrides(night, id)) for id in range(1, draw(st.integers(0, 4)) + 1))
    return Book({"support": entered}, taken, {"london": draw(days_off(night))})


@st.composite
def days_off(draw: st.DrawFn, night: Night) -> list[Revision[frozenset[int]]]:
    around = st.integers(night.since.toordinal() - 1, night.until.toordinal() + 1)
    recorded = [LONG_AGO, draw(minutes(night))]
    return [
        Revision(draw(st.frozensets(around, max_size=4)), number, when, False, "mia", "law")
        for number, when in enumerate(recorded, 1)
    ]


@st.composite
def known_nights(draw: st.DrawFn) -> tuple[Night, Book]:
    night = draw(nights)
    return night, draw(books(night))


def at_of(found: list[Shift], at: datetime) -> Shift:
    return found[bisect_right([each.starts for each in found], at) - 1]


@settings(max_examples=30)
@given(known_nights())
def test_the_arithmetic_finds_whom_a_walk_finds(known: tuple[Night, Book]) -> None:
    night, book = known
    found = shifts(book, "support", night.since, night.until)
    place = 0
    for at, person in people(book, night):
        if at >= found[place].ends:
            place += 1
        assert found[place].person == person, at


@settings(max_examples=30)
@given(known_nights(), st.data())
def test_shifts_tile_the_span_and_hold_what_is_asked_of_a_moment(
    known: tuple[Night, Book], data: st.DataObject
) -> None:
    night, book = known
    since, until = sorted((data.draw(minutes(night)), data.draw(minutes(night))))
    found = shifts(book, "support", since, until)
    edges = [since, *(each.ends for each in found)]
    assert [each.starts for each in found] == edges[:-1] and edges[-1] == until
    assert all(each.starts < each.ends for each in found)
    assert all((one.person, one.layer) != (two.person, two.layer) for one, two in pairwise(found))
    if found:
        at = data.draw(st.datetimes(since.replace(tzinfo=None), until.replace(tzinfo=None)))
        moment = min(at.replace(tzinfo=since.tzinfo), until - timedelta.resolution)
        there, whole = at_of(found, moment), on_call(book, "support", moment)
        assert (there.person, there.layer) == (whole.person, whole.layer)
        assert there.starts == max(since, whole.starts) and there.ends == min(until, whole.ends)
        assert who(book, "support", moment) == there.person


@settings(max_examples=25)
@given(known_nights())
def test_gaps_are_the_shifts_of_nobody_once_the_rota_is_used(known: tuple[Night, Book]) -> None:
    night, book = known
    missing = gaps(book, "support", night.since, night.until)
    assert all(not each.person and each.starts < each.ends for each in missing)
    for gap in missing:
        assert who(book, "support", gap.starts) == ""
    by_person = [turns_of(book, person, night.since, night.until) for person in PEOPLE]
    served = sum((shift.ends - shift.starts for turns in by_person for _, shift in turns), timedelta())
    empty = [each for each in shifts(book, "support", night.since, night.until) if not each.person]
    idle = sum((each.ends - each.starts for each in empty), timedelta())
    assert served + idle == night.until - night.since
    assert sum((each.ends - each.starts for each in missing), timedelta()) <= idle


@settings(max_examples=25)
@given(known_nights(), st.data())
def test_the_next_shift_is_the_first_one_with_somebody_after_this_one(
    known: tuple[Night, Book], data: st.DataObject
) -> None:
    night, book = known
    moment = data.draw(minutes(night))
    here, then = on_call(book, "support", moment), following(book, "support", moment)
    # The years around end there: so far is looked, and a shift that never ends is cut.
    end = then.starts if then else utc(f"{moment.year + 2}-01-01")
    assert all(not each.person for each in shifts(book, "support", here.ends, end))
    assert then is None or then.person


@settings(max_examples=30)
@given(known_nights(), st.data())
def test_what_is_entered_later_does_not_change_what_was(
    known: tuple[Night, Book], data: st.DataObject
) -> None:
    night, book = known
    now = data.draw(minutes(night))
    before = shifts(book, "support", night.since, now)
    planned = revision(Rota("support", night.zone, (data.draw(layers(night)),)), 9, now)
    taken = replace(data.draw(overrides(night, 9)), recorded=now)
    standing = tuple(replace(each, removed=now) if each.removed is None else each for each in book.overrides)
    later = Book({"support": [*book.rotas["support"], planned]}, (*standing, taken), book.holidays)
    assert shifts(later, "support", night.since, now) == before


@settings(max_examples=30)
@given(known_nights(), st.data())
def test_overrides_that_do_not_overlap_may_arrive_in_any_order(
    known: tuple[Night, Book], data: st.DataObject
) -> None:
    night, book = known
    edges = sorted(data.draw(st.lists(minutes(night), min_size=6, max_size=6, unique=True)))
    spans = list(zip(edges[::2], edges[1::2], strict=True))
    wanted = [
        replace(data.draw(overrides(night, 1)), starts=starts, ends=ends, recorded=LONG_AGO, removed=None)
        for starts, ends in spans
    ]

    def arrived(order: list[int]) -> list[Shift]:
        numbered = tuple(
            replace(wanted[place], id=id, recorded=LONG_AGO + timedelta(days=id))
            for id, place in enumerate(order, 1)
        )
        return shifts(replace(book, overrides=numbered), "support", night.since, night.until)

    assert arrived(data.draw(st.permutations([0, 1, 2]))) == arrived([0, 1, 2])


@settings(max_examples=100)
@given(
    st.sampled_from(list(Turn)),
    st.integers(1, 14),
    st.datetimes(datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2040-01-01")),
    st.sampled_from(["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.integers(0, 2000),
)
def test_every_hand_off_begins_its_own_turn_however_far_away(
    turn: Turn, length: int, start: datetime, zone: str, number: int
) -> None:
    layer = Layer("x", ("ana", "bo"), turn, start.replace(second=0, microsecond=0), length)
    there = ZoneInfo(zone)
    if turn is Turn.MONTHLY:
        number %= 100
    begins = handoff(layer, there, number)
    assert turn_at(layer, there, begins) == number
    assert turn_at(layer, there, begins - timedelta.resolution) == number - 1
