"""Incidents and their tickets in step: nothing twice, no echo, whoever dies and whoever changes what."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from lexops import crash
from lexops.errors import Refused
from lexops.incidents import links
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind, LinkKind, Origin, Relation, State
from lexops.store import event
from lexops.store.database import Store
from lexops.trackers import store
from lexops.trackers.model import External
from lexops.trackers.port import Tracker, TrackerDown, TrackerRefused
from lexops.trackers.sync import sync
from tests.clock import ManualClock
from tests.stores import sqlite_store
from tests.trackers.board import OnBoard, down
from tests.trackers.helping import STATES, Pair, site
from tests.trackers.servers import KINDS, TOKEN, serving
from tests.trackers.test_dialects import site as real_site


def paired(database: Store, folder: Path, clock: ManualClock) -> Pair:
    made = Pair(database, site(folder), clock)
    made.open()
    made.link()
    return made


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Store]:
    made = sqlite_store(tmp_path)
    yield made
    made.close()


@pytest.fixture
def pair(lite: Store, tmp_path: Path, clock: ManualClock) -> Pair:
    return paired(lite, tmp_path, clock)


@pytest.fixture
def either(store: Store, tmp_path: Path, clock: ManualClock) -> Pair:
    """On SQLite and on PostgreSQL: for what the store itself has to see to."""
    return paired(store, tmp_path, clock)


def test_a_ticket_is_made_of_what_was_declared_and_nothing_that_people_wrote(either: Pair) -> None:
    pair = either
    pair.sync()
    ticket = pair.board.only
    assert ticket.title == "incident #1"
    assert ticket.text.startswith("Incident #1, P3, WARNING, since 2026-03-02T09:00:00Z.\nTarget: db\n")
    assert not {"Acme", "acme", "secret", "ana"} & set(f"{ticket.title} {ticket.text}".split())
    link = pair.found()
    assert (link.external, link.url, link.state) == (ticket.id, f"https://x/{ticket.id}", "To Do")
    assert pair.told(EntryKind.LINKED) == [("tracker desk", f"kept in step with desk/{ticket.id}")]
    with pair.database.read() as connection:
        (kept,) = links.links(connection, 1)
    assert (kept.kind, kept.ref) == (LinkKind.TRACKER, f"desk/{ticket.id}")


def test_titles_go_where_the_site_says_so(lite: Store, tmp_path: Path, clock: ManualClock) -> None:
    pair = Pair(lite, site(tmp_path, more="titles = true\n"), clock)
    pair.open()
    pair.link()
    pair.sync()
    pair.act("ack")
    pair.act("note", "the disk is full")
    with lite.begin() as connection:
        incidents.note(connection, 1, clock.now(), "cy@acme.example", "my matter 123")
    pair.sync()
    assert pair.board.only.title == "Acme cannot pay"
    assert pair.board.texts() == [
        "Incident #1 was taken, 2026-03-02T09:01:00Z.",
        "Incident #1 has a new note, 2026-03-02T09:01:00Z.\n\nthe disk is full",
        "Incident #1 has a new note, 2026-03-02T09:01:00Z.",
    ]


def test_comments_go_both_ways_once_and_none_comes_back(either: Pair) -> None:
    pair = either
    pair.sync()
    pair.act("note", "secret words")
    pair.board.say(pair.board.only.id, "Cy", "we look at it")
    for _ in range(4):
        pair.sync()
    assert pair.told(EntryKind.SYNCED) == [("Cy (desk)", "we look at it")]
    assert pair.board.texts() == ["Incident #1 has a new note, 2026-03-02T09:01:00Z."]
    assert len(pair.board.only.said) == 2


def test_a_comment_that_quotes_us_is_theirs(pair: Pair) -> None:
    pair.sync()
    pair.act("note", "x")
    pair.sync()
    ours = pair.board.only.said[0].text
    pair.board.say(pair.board.only.id, "Cy", f"Thanks!\n{ours}")
    pair.sync()
    assert len(pair.told(EntryKind.SYNCED)) == 1


def test_what_was_said_there_has_a_time_within_ours(pair: Pair) -> None:
    pair.sync()
    early = pair.board.say(pair.board.only.id, "Cy", "from a slow clock")
    early.at = pair.clock.now().replace(year=2001)
    late = pair.board.say(pair.board.only.id, "Di", "from a fast clock")
    late.at = pair.clock.now().replace(year=2099)
    pair.sync()
    pair.board.say(pair.board.only.id, "Ed", "and one more")
    pair.sync()
    with pair.database.read() as connection:
        said = incidents.entries_of(connection, 1, [EntryKind.SYNCED])
    known = pair.incident()
    assert all(known.opened <= each.at <= pair.clock.now() for each in said)
    assert [each.text for each in said] == ["from a slow clock", "from a fast clock", "and one more"]


def test_a_comment_of_the_first_day_of_all_breaks_no_link(pair: Pair) -> None:
    pair.sync()
    pair.board.say(pair.board.only.id, "Cy", "without a clock").at = datetime.min.replace(tzinfo=UTC)
    pair.sync()
    pair.sync()
    assert pair.told(EntryKind.SYNCED) == [("Cy (desk)", "without a clock")]
    assert (pair.found().error, pair.found().synced) == ("", pair.clock.now())


def test_a_comment_that_is_very_long_is_cut_on_its_way_here(pair: Pair) -> None:
    pair.sync()
    pair.board.say(pair.board.only.id, "Cy", "x" * 4_100)
    pair.sync()
    assert pair.told(EntryKind.SYNCED) == [("Cy (desk)", "x" * 4_000 + "… (100 more characters)")]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Waiting", State.WAITING),
        ("Done", State.RESOLVED),
        ("Closed", State.RESOLVED),
        ("Dropped", State.CANCELLED),
        ("In Progress", State.OPEN),
        ("Unheard of", State.OPEN),
    ],
)
def test_a_state_there_does_here_what_it_means(pair: Pair, theirs: str, ours: State) -> None:
    pair.sync()
    pair.board.only.state = theirs
    pair.sync()
    pair.sync()
    assert pair.incident().state is ours
    assert pair.board.only.state == theirs
    assert pair.board.texts() == []  # what they did is not told to them


def test_their_turns_are_followed_to_and_fro(pair: Pair) -> None:
    pair.sync()
    states = []
    for theirs in ("Waiting", "To Do", "Done", "To Do", "Done", "Waiting", "In Progress"):
        pair.board.only.state = theirs
        pair.sync()
        states.append(pair.incident().state)
    waits, open_, over = State.WAITING, State.OPEN, State.RESOLVED
    assert states == [waits, open_, over, open_, over, waits, open_]
    assert pair.board.texts() == []


@pytest.mark.parametrize(
    ("acts", "theirs"),
    [
        (["pause"], "Waiting"),
        (["pause", "resume"], "To Do"),
        (["resolve"], "Done"),
        (["resolve", "reopen"], "To Do"),
        (["cancel"], "Dropped"),
        (["ack"], "To Do"),
    ],
)
def test_a_state_here_goes_there_with_words_and_clocks_are_ours(
    pair: Pair, acts: list[str], theirs: str
) -> None:
    pair.sync()
    for act in acts:
        pair.act(act)
        pair.sync()
    pair.sync()
    assert pair.board.only.state == theirs
    assert len(pair.board.texts()) == len(acts)


def test_sentry_67869_several_states_there_mean_the_same_and_none_is_moved_on(pair: Pair) -> None:
    pair.sync()
    pair.board.only.state = "In Progress"
    pair.sync()
    pair.act("resolve")
    pair.board.only.state = "Closed"
    pair.sync()
    assert (pair.board.only.state, pair.incident().state) == ("Closed", State.RESOLVED)
    pair.board.only.state = "Done"
    pair.sync()
    assert (pair.board.only.state, pair.incident().state) == ("Done", State.RESOLVED)


def test_when_both_change_ours_holds(pair: Pair) -> None:
    pair.sync()
    pair.act("resolve")
    pair.board.only.state = "Waiting"
    pair.sync()
    assert (pair.board.only.state, pair.incident().state) == ("Done", State.RESOLVED)


def test_what_is_resolved_there_while_the_check_fails_is_only_noted(
    lite: Store, tmp_path: Path, clock: ManualClock
) -> None:
    pair = Pair(lite, site(tmp_path), clock)
    pair.open(Origin.CHECK)
    pair.link()
    pair.sync()
    pair.board.only.state = "Done"
    for _ in range(3):
        pair.sync()
    assert (pair.incident().state, pair.board.only.state) == (State.OPEN, "Done")
    said = f"Done in desk/{pair.board.only.id}; here what opened it still fails, and it stays so"
    assert pair.told(EntryKind.SYNCED) == [("tracker desk", said)]
    pair.board.only.state = "Closed"
    pair.sync()
    assert len(pair.told(EntryKind.SYNCED)) == 1
    pair.act("recover")
    pair.act("resolve")
    pair.sync()
    assert (pair.incident().state, pair.board.only.state) == (State.RESOLVED, "Closed")


def test_what_is_cancelled_here_is_not_brought_back_from_there(pair: Pair) -> None:
    pair.sync()
    pair.act("cancel")
    pair.sync()
    pair.board.only.state = "To Do"
    for _ in range(3):
        pair.sync()
    assert (pair.incident().state, pair.board.only.state) == (State.CANCELLED, "To Do")
    assert len(pair.told(EntryKind.SYNCED)) == 1


def test_sentry_71643_what_is_opened_again_here_is_opened_again_there(pair: Pair) -> None:
    pair.sync()
    pair.act("resolve")
    pair.sync()
    pair.act("reopen")
    pair.sync()
    assert (len(pair.board.tickets), pair.board.only.state) == (1, "To Do")


def test_sentry_79073_a_ticket_that_stays_closed_is_followed_by_a_new_one(pair: Pair) -> None:
    pair.sync()
    first = pair.board.only
    pair.act("resolve")
    pair.sync()
    pair.board.stuck = {"Done"}
    pair.act("reopen")
    for _ in range(3):
        pair.sync()
    _, second = pair.board.tickets.values()
    assert f"It follows {first.id}." in second.text
    assert (first.state, second.state, pair.found().external) == ("Done", "To Do", second.id)
    assert [text for _, text in pair.told(EntryKind.LINKED)] == [
        f"kept in step with desk/{first.id}",
        f"desk/{first.id} stays closed (no way); a new ticket follows it",
        f"kept in step with desk/{second.id}",
    ]
    assert [each.text.partition(",")[0] for each in second.said] == ["Incident #1 was opened again"]
    pair.act("resolve")
    pair.sync()
    assert second.state == "Done"


def test_sentry_79073_a_recurrence_has_a_ticket_that_follows_the_first_and_unlinking_is_final(
    pair: Pair,
) -> None:
    pair.sync()
    pair.act("resolve")
    pair.sync()
    pair.open(number=2)
    with pair.database.begin() as connection:
        links.join(connection, 2, 1, Relation.RECURRENCE, pair.clock.now(), "lexops")
    pair.sync()
    pair.sync()
    first, second = pair.board.tickets.values()
    assert f"It follows {first.id}." in second.text
    with pair.database.begin() as connection:
        store.remove(connection, pair.found(2).id)
    pair.sync()
    assert len(pair.board.tickets) == 2


def test_a_way_that_is_not_there_is_told_and_tried_again(pair: Pair) -> None:
    pair.sync()
    pair.board.stuck = {"To Do"}
    pair.act("resolve")
    pair.sync()
    assert (pair.found().error, pair.found().failures) == ("no way", 1)
    pair.board.stuck = set()
    pair.sync(minutes=1)
    assert (pair.found().error, pair.board.only.state) == ("", "Done")
    assert len(pair.board.texts()) == 1  # the words were there already


@pytest.mark.parametrize("meanwhile", ["Waiting", "Unheard of"])
def test_a_state_that_could_not_go_there_yet_still_holds(pair: Pair, meanwhile: str) -> None:
    pair.sync()
    pair.board.stuck = {"To Do"}
    pair.act("resolve")
    pair.sync()
    assert (pair.found().error, len(pair.board.texts())) == ("no way", 1)
    pair.board.only.state = meanwhile
    for _ in range(2):
        pair.sync(minutes=2)
    assert (pair.incident().state, pair.board.only.state) == (State.RESOLVED, "Done")
    assert len(pair.board.texts()) == 1


def test_words_that_somebody_changed_there_are_not_said_again_while_a_state_is_refused(pair: Pair) -> None:
    pair.sync()
    pair.board.stuck = {"To Do"}
    pair.act("resolve")
    pair.sync()
    pair.board.only.said[0].text = "changed"
    for _ in range(3):
        pair.sync(hours=1)
    assert (pair.found().failures, len(pair.board.only.said)) == (4, 1)
    assert pair.told(EntryKind.SYNCED) == []


# Whoever dies.


def lost(times: int = 1) -> object:
    """The answer is lost so many times, though it was done."""
    left = [times]

    def fault(when: str) -> None:
        if when == "after" and left[0]:
            left[0] -= 1
            raise TrackerDown("no answer within 10 s")

    return fault


def dies(after: int) -> object:
    """The worker dies at the n-th call, when it was done."""
    calls = [0]

    def fault(when: str) -> None:
        calls[0] += when == "after"
        if calls[0] == after and when == "after":
            raise KeyboardInterrupt

    return fault


def test_kibana_83221_a_ticket_whose_answer_was_lost_is_found_and_not_made_again(pair: Pair) -> None:
    pair.faults["desk"] = lost()  # type: ignore[assignment]
    pair.sync()
    assert (len(pair.board.tickets), pair.found().is_new) == (1, True)
    pair.sync(minutes=2)
    assert pair.found().external == pair.board.only.id


def test_comply_56_many_turns_and_a_dead_worker_make_one_ticket(either: Pair) -> None:
    pair = either
    pair.faults["desk"] = dies(1)  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        pair.sync()
    del pair.faults["desk"]
    pair.sync(minutes=1)
    assert pair.found().is_new  # the dead one still has it
    for _ in range(3):
        pair.sync(minutes=6)
    assert (len(pair.board.tickets), pair.found().external) == (1, pair.board.only.id)


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_worker_that_dies_in_the_middle_of_its_words_says_none_twice(pair: Pair, after: int) -> None:
    pair.sync()
    for number in range(2):
        pair.act("note", f"{number}")
    pair.act("resolve")
    pair.faults["desk"] = dies(after)  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        pair.sync()
    del pair.faults["desk"]
    pair.sync(minutes=6)
    kinds = [each.partition(",")[0] for each in pair.board.texts()]
    assert kinds == ["Incident #1 has a new note"] * 2 + ["Incident #1 was resolved"]
    assert (pair.board.only.state, pair.told(EntryKind.SYNCED)) == ("Done", [])


def test_a_tracker_that_is_down_is_asked_once_and_left_alone_for_longer_and_longer(
    lite: Store, tmp_path: Path, clock: ManualClock
) -> None:
    pair = Pair(lite, site(tmp_path, "desk", "other"), clock)
    calls: list[str] = []

    def broken(when: str) -> None:
        calls.append(when)
        down(when)

    pair.faults["desk"] = broken
    for number in (1, 2, 3):
        pair.open(number=number)
        pair.link(number)
    pair.link(1, "other")
    pair.sync()
    assert (len(calls), len(pair.boards["other"].tickets)) == (1, 1)
    failing = next(each for each in (1, 2, 3) if pair.found(each).failures)
    assert pair.found(failing).error == "HTTP 503"
    with lite.read() as connection:
        assert [each.kind for each in event.after(connection, 0)].count("tracker.failed") == 1
    for _ in range(20):
        pair.sync(minutes=30)  # ten hours: at first whenever it is looked, then hourly
    assert len(calls) == 13
    del pair.faults["desk"]
    pair.sync(hours=2)
    assert len(pair.boards["desk"].tickets) == 3
    assert {pair.found(each).error for each in (1, 2, 3)} == {""}


def counting(calls: list[str], error: Exception, ids: Collection[str] = ()) -> Callable[[Pair], Tracker]:
    """A tracker that notes each asking, and fails for these tickets; for all when there are none."""

    class Failing(OnBoard):
        def read(self, id: str, since: datetime | None) -> External:
            calls.append(id)
            if not ids or id in ids:
                raise error
            return super().read(id, since)

    return lambda pair: Failing(pair.board)


def linked(pair: Pair, count: int) -> list[str]:
    """So many incidents that are in step with their tickets; answers the tickets."""
    for number in range(2, count + 1):
        pair.open(number=number)
        pair.link(number)
    pair.sync()
    return [pair.found(number).external for number in range(1, count + 1)]


def test_a_tracker_with_many_tickets_that_is_down_is_left_alone_for_longer_and_longer(pair: Pair) -> None:
    linked(pair, 12)
    calls: list[str] = []
    tracker, asked = counting(calls, TrackerDown("HTTP 503"))(pair), list[int]()
    for minute in range(200):
        pair.clock.advance(minutes=1)
        before = len(calls)
        sync(pair.database, pair.file, pair.clock, lambda _name: tracker)
        asked += [minute] * (len(calls) - before)
    assert [then - now for now, then in pairwise(asked)] == [1, 2, 4, 8, 16, 32, 60, 60]
    pair.sync(hours=2)
    assert {pair.found(number).error for number in range(1, 13)} == {""}


@pytest.mark.parametrize("which", [0, 2])
def test_one_ticket_that_always_fails_does_not_keep_the_others_waiting(pair: Pair, which: int) -> None:
    tickets = linked(pair, 3)
    pair.clock.advance(days=3)  # the worker was away
    tracker = counting([], TrackerDown("HTTP 500"), {tickets[which]})(pair)
    for _ in range(35):
        pair.clock.advance(minutes=1)
        sync(pair.database, pair.file, pair.clock, lambda _name: tracker)
    now = pair.clock.now()
    for number in {1, 2, 3} - {which + 1}:
        synced = pair.found(number).synced
        assert synced is not None and now - synced <= timedelta(minutes=3)
    assert pair.found(which + 1).failures == 6  # after 1, 2, 4, 8 and 16 minutes


def test_a_ticket_that_was_refused_for_long_does_not_make_a_short_outage_long(pair: Pair) -> None:
    first, _ = linked(pair, 2)
    tracker = counting([], TrackerRefused("HTTP 403"), {first})(pair)
    for _ in range(20):
        pair.clock.advance(hours=1)
        sync(pair.database, pair.file, pair.clock, lambda _name: tracker)
    assert pair.found(1).failures > 10
    pair.clock.advance(days=3)  # the worker was away
    with pair.database.begin() as connection:
        store.change(connection, pair.found(1).id, due=pair.clock.now() + timedelta(hours=1))
    tracker = counting([], TrackerDown("HTTP 503"))(pair)
    sync(pair.database, pair.file, pair.clock, lambda _name: tracker)
    assert pair.found(2).due == pair.clock.now() + timedelta(minutes=1)


def test_what_nobody_foresaw_is_that_tickets_own_failure(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[BaseException] = []
    monkeypatch.setattr(crash, "keep", lambda error: kept.append(error) or "R-1")
    first, second = linked(pair, 2)
    calls: list[str] = []
    tracker = counting(calls, KeyError("secret of a client"), {first})(pair)
    pair.clock.advance(minutes=1)
    sync(pair.database, pair.file, pair.clock, lambda _name: tracker)
    assert (calls, len(kept)) == ([first, second], 1)
    assert (pair.found(1).failures, pair.found(1).error) == (1, crash.sentence("R-1"))
    assert (pair.found(2).error, pair.found(2).synced) == ("", pair.clock.now())


def test_a_tracker_that_asks_for_quiet_has_it(pair: Pair) -> None:
    calls: list[str] = []

    def throttled(when: str) -> None:
        calls.append(when)
        raise TrackerDown("HTTP 429", retry=1800)

    pair.faults["desk"] = throttled
    pair.sync()
    for _ in range(5):
        pair.sync(minutes=5)
    assert len(calls) == 1
    pair.sync(minutes=10)
    assert len(calls) == 2


def test_two_workers_make_one_ticket_and_say_a_thing_once(either: Pair) -> None:
    pair = either
    meeting = threading.Barrier(2)

    def both() -> None:
        meeting.wait(60)
        sync(pair.database, pair.file, pair.clock, pair.tracker)

    for _ in range(3):
        pair.clock.advance(minutes=1)
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(both) for _ in range(2)]:
                done.result(60)
        pair.act("note", "x")
    pair.sync()
    assert len(pair.board.tickets) == 1
    assert len(pair.board.texts()) == 3


def test_who_has_lost_a_link_writes_nothing_more(either: Pair) -> None:
    pair = either
    pair.sync()
    pair.act("note", "one")
    pair.act("note", "two")

    def unlinks(when: str) -> None:
        if when == "after":
            with pair.database.begin() as connection:
                store.remove(connection, pair.found().id)

    pair.faults["desk"] = unlinks
    pair.sync()
    assert len(pair.board.texts()) == 1


def test_what_a_person_does_while_it_is_compared_is_not_overruled(pair: Pair) -> None:
    pair.sync()
    pair.board.only.state = "Waiting"
    tracker = OnBoard(pair.board)
    read = tracker.read

    def reading(*given: object) -> object:
        found = read(*given)  # type: ignore[arg-type]
        if pair.incident().is_open:
            pair.act("resolve")
        return found

    tracker.read = reading  # type: ignore[method-assign,assignment]
    pair.clock.advance(minutes=1)
    sync(pair.database, pair.file, pair.clock, lambda _name: tracker)
    pair.sync()
    assert (pair.incident().state, pair.board.only.state) == (State.RESOLVED, "Done")


def test_a_refusal_here_becomes_a_note(pair: Pair) -> None:
    pair.sync()
    pair.act("resolve")
    pair.sync()
    pair.open()  # about the same as the first
    pair.board.only.state = "To Do"
    for _ in range(3):
        pair.sync()
    assert pair.incident().state is State.RESOLVED
    ((_, text),) = pair.told(EntryKind.SYNCED)
    assert text.endswith("not so here: incident #2 is open about the same")
    with pair.database.begin() as connection, pytest.raises(Refused):
        incidents.reopen(connection, 1, pair.clock.now(), "ana", "x")


def test_a_site_without_trackers_does_nothing(lite: Store, tmp_path: Path, clock: ManualClock) -> None:
    from tests.gates import site_file

    sync(lite, site_file(tmp_path), clock)


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_dialect_keeps_in_step_over_a_real_socket(
    kind: str, lite: Store, tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKER", TOKEN)
    with serving(kind) as server:
        file = real_site(tmp_path, kind, server.url, STATES.format(name="t"))
        pair = Pair(lite, file, clock, {"t": server.board})
        pair.open()
        pair.link(1, "t")

        def turn() -> None:
            clock.advance(minutes=2)
            server.board.at = clock.now()
            sync(lite, file, clock)

        server.faults.extend(["", "lost"])  # the search, then the making
        turn()
        turn()
        pair.act("note", "secret words")
        server.faults.extend(["", "", "lost"])  # whatever is asked before, and one answer
        turn()
        server.board.say(server.board.only.id, "Cy", "we look at it")
        turn()
        turn()
        server.board.only.state = "Waiting"
        turn()
        assert pair.incident().state is State.WAITING
        pair.act("resolve")
        turn()
        turn()
        assert server.board.only.state == "Done"
        kinds = [text.partition(",")[0].removeprefix("{noformat}\n") for text in server.board.texts()]
        assert sorted(kinds) == ["Incident #1 has a new note", "Incident #1 was resolved"]
        assert pair.told(EntryKind.SYNCED) == [("Cy (t)", "we look at it")]
        assert pair.found(1, "t").error == ""
