"""Laws over any order of acts here and there, lost answers and dead workers."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from lexops.errors import Refused
from lexops.incidents.model import EntryKind, State
from lexops.store.database import Store, open_engine
from lexops.trackers.model import Meaning
from lexops.trackers.plan import meaning_of, meanings
from lexops.trackers.port import TrackerDown
from tests.clock import ManualClock
from tests.stores import sqlite_store
from tests.trackers.board import STATES
from tests.trackers.helping import Pair, site

HERE = st.sampled_from(["note", "ack", "pause", "resume", "resolve", "reopen", "cancel"]).map(
    lambda act: ("here", act)
)
THERE = st.sampled_from(STATES).map(lambda state: ("there", state))
SAID = st.sampled_from(["hello", "", "[lexops 0123456789abcdef 1 00000000]"]).map(lambda text: ("said", text))
FAULT = st.tuples(st.sampled_from(["before", "after", "dies"]), st.integers(1, 5))
STEP = st.one_of(HERE, THERE, SAID, st.just(("sync", "")), st.just(("quote", "")))
MEANINGS = {
    State.OPEN: Meaning.OPEN,
    State.ACKNOWLEDGED: Meaning.OPEN,
    State.WAITING: Meaning.WAITING,
    State.RESOLVED: Meaning.RESOLVED,
    State.CANCELLED: Meaning.CANCELLED,
}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new store, to be copied for every example."""
    folder = tmp_path_factory.mktemp("empty")
    sqlite_store(folder).close()
    return folder / "lexops.db"


def quick(folder: Path) -> Store:
    """The store of a folder, without waiting for the disk: what dies here is a worker, not the machine."""
    database = Store(open_engine("sqlite:///lexops.db", folder))

    @event.listens_for(database.engine, "connect")
    def hurry(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    return database


def failing(kind: str, call: int) -> Callable[[str], None]:
    """The n-th call of a turn fails: before it was done, after it, or with the worker."""
    calls = [0]

    def fault(when: str) -> None:
        calls[0] += when == "before"
        if calls[0] != call or (when == "before") is not (kind == "before"):
            return
        if kind == "dies":
            raise KeyboardInterrupt
        raise TrackerDown("no answer")

    return fault


def act(pair: Pair, what: str, value: str, fault: tuple[str, int] | None, heard: list[str]) -> None:
    tickets = list(pair.board.tickets.values())
    match what:
        case "here":
            try:
                pair.act(value, "x")
            except Refused:
                pass  # not allowed in this state; another example does something else
        case "there" if tickets:
            tickets[-1].state = value
        case "said" if tickets:
            heard.append(f"{value} {len(heard)}".strip())
            pair.board.say(tickets[-1].id, "Cy", heard[-1])
        case "quote" if tickets and tickets[-1].said:
            text = f"see:\n{tickets[-1].said[-1].text}"
            pair.board.say(tickets[-1].id, "Cy", text)
            heard.append(text)
        case "sync":
            if fault is not None:
                pair.faults["desk"] = failing(*fault)
            try:
                pair.sync(minutes=1)
            except KeyboardInterrupt:
                pass
            pair.faults.clear()


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(STEP, st.none() | FAULT), max_size=14))
def test_nothing_twice_no_echo_and_both_ends_agree_when_it_is_quiet(
    empty: Path,
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[tuple[str, str], tuple[str, int]]],
) -> None:
    folder = tmp_path_factory.mktemp("example")
    shutil.copy(empty, folder / "lexops.db")
    database = quick(folder)
    pair, heard = Pair(database, site(folder), ManualClock()), list[str]()
    pair.open()
    pair.link()
    for (what, value), fault in steps:
        act(pair, what, value, fault, heard)
        pair.clock.advance(seconds=1)
    for _ in range(4):
        pair.sync(hours=2)  # longer than any lease and any pause after a failure
    ticket, entries = pair.board.only, pair.told(EntryKind.SYNCED)
    came = [text for author, text in entries if author == "Cy (desk)"]
    assert sorted(came) == sorted(heard)
    ours = [each.text for each in ticket.said if each.author == "lexops"]
    assert len(ours) == len(set(ours))
    notes = [text for text in ours if "has a new note" in text]
    assert len(notes) == len(pair.told(EntryKind.NOTE))
    link, known = pair.found(), pair.incident()
    assert (link.error, link.external, link.state) == ("", ticket.id, ticket.state)
    there = meaning_of(meanings(pair.file.settings.trackers["desk"].states), ticket.state)
    assert there is not None
    both_over = there.is_over and not known.is_open
    kept = any("and it stays so" in text for _, text in entries)
    assert there is MEANINGS[known.state] or both_over or kept
    before = (len(ticket.said), len(pair.told()))
    pair.sync(hours=2)
    assert (len(ticket.said), len(pair.told())) == before
    database.close()
    shutil.rmtree(folder)
