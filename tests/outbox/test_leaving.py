"""Who is no operator any more is not known by address either."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from lexops.auth import store as people
from lexops.outbox import store as outbox
from lexops.outbox.leaving import forget_leavers
from lexops.outbox.model import Attempt, Contact, Habits, Recipient, State
from lexops.outbox.sending import claim, note
from lexops.store.database import Store
from tests.gates import World, world
from tests.outbox.helping import page

ADDRESS = "@firm.example"


@pytest.fixture
def at(store: Store, tmp_path: Path) -> World:
    return world(store, tmp_path)


def reached(at: World, name: str) -> tuple[list[str], str, list[str]]:
    """What is known of somebody: addresses, quiet hours, and where messages went."""
    owner = Recipient.parse(f"operator:{name}")
    with at.store.read() as connection:
        messages = outbox.messages(connection, recipient=owner)
        tries = [each for message in messages for each in outbox.attempts(connection, message.id)]
        ways = [each.address for each in outbox.contacts(connection, owner)]
        return ways, outbox.habits(connection, owner).quiet, [each.address for each in tries]


def tell(at: World, connection: Connection, name: str) -> None:
    """Somebody gives an address and quiet hours, and a page goes there."""
    owner, now = Recipient.parse(f"operator:{name}"), at.clock.now()
    outbox.set_contacts(connection, owner, [Contact(owner, 0, "mail", name + ADDRESS)], now)
    outbox.set_habits(connection, Habits(owner, quiet="daily 22:00-07:00"), now)
    outbox.put(connection, page(f"k/{name}", recipient=owner, created=now, due=now))
    [waiting] = outbox.messages(connection, recipient=owner)
    claim(connection, [waiting], "me#1", now, timedelta(seconds=9))
    attempt = Attempt(waiting.id, now, "mail", name + ADDRESS, True, "250 ok")
    note(connection, replace(waiting, state=State.DELIVERED, ended=now), attempt, "me#1")


def test_who_is_removed_is_forgotten_and_what_was_sent_stays(at: World) -> None:
    with at.store.begin() as connection:
        tell(at, connection, "sam")
        tell(at, connection, "ana")
    forget_leavers(at.store, at.clock)
    before = reached(at, "ana")
    assert reached(at, "sam") == (["sam@firm.example"], "daily 22:00-07:00", ["sam@firm.example"])
    with at.store.begin() as connection:
        sam = people.by_name(connection, "sam")
        assert sam is not None
        people.remove(connection, at.gate.keyring, sam, at.clock.now())
    for _ in range(2):
        forget_leavers(at.store, at.clock)
        assert reached(at, "sam") == ([], "", ["s•••@firm.example"])
        assert reached(at, "ana") == before
