"""Those who watch an incident hear what happened to it, once, and nothing of what was written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from lexops.auth import store as people
from lexops.incidents import store as incidents
from lexops.incidents import watchers
from lexops.incidents.watching import LATE, tell_watchers
from lexops.operations import Role
from lexops.outbox import store as outbox
from lexops.outbox.model import Contact, Message, Recipient, Urgency
from lexops.privacy.keyring import Keyring
from lexops.store.database import Store
from tests.incidents.field import CRITICAL, OK, Field, site_file

MAIL = '[channels.mail]\nkind = "smtp"\nhost = "127.0.0.1"\nsender = "lexops@example.com"\n'


def watched(store: Store, folder: Path, settings: str = MAIL) -> Field:
    """An incident that ana and bo watch; only ana and sam can be reached."""
    made = Field(store, site_file(folder, settings))
    with store.begin() as connection:
        keyring = Keyring(folder / "keys")
        for name in ("ana", "bo", "sam"):
            people.add(connection, keyring, name, Role.SUPPORT, made.now - timedelta(days=1))
        for name in ("ana", "sam"):
            who = Recipient.parse(f"operator:{name}")
            ways = [Contact(who, 0, "mail", f"{name}@example.com")]
            outbox.set_contacts(connection, who, ways, made.now)
    made.says(CRITICAL)
    with store.begin() as connection:
        watchers.add_all(connection, 1, ["ana", "bo"])
    return made


def tell(field: Field) -> list[Message]:
    tell_watchers(field.store, field.file, field.clock)
    with field.store.read() as connection:
        return list(reversed(outbox.messages(connection, limit=None)))


def test_who_watches_is_told_what_happened_once(store: Store, tmp_path: Path) -> None:
    field = watched(store, tmp_path)
    assert tell(field) == []
    with store.begin() as connection:
        incidents.acknowledge(connection, 1, field.now, "sam")
        incidents.note(connection, 1, field.now, "sam", "the client's name is canary")
    field.says(OK)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: tell_watchers(field.store, field.file, field.clock), range(2)))
    found = tell(field)
    assert [(each.recipient.name, each.template, each.values["why"]) for each in found] == [
        ("ana", "watch", "somebody has taken it"),
        ("ana", "watch", "it is resolved"),
    ]
    assert all(each.urgency is Urgency.NOTICE and each.subject == "incident/1" for each in found)
    assert "canary" not in str(found)


def test_whoever_it_was_given_to_is_told_and_who_did_it_is_not(quick: Store, tmp_path: Path) -> None:
    field = watched(quick, tmp_path)
    with quick.begin() as connection:
        incidents.assign(connection, 1, field.now, "ana", "sam", "canary")
    (message,) = tell(field)
    assert (message.recipient.name, message.template) == ("sam", "mention")
    assert (message.values["by"], message.values["why"]) == ("ana", "it was given to you")
    assert "canary" not in str(message.values)


def test_what_happened_long_ago_is_no_news(quick: Store, tmp_path: Path) -> None:
    field = watched(quick, tmp_path)
    field.says(OK)
    field.clock.advance(seconds=LATE.total_seconds() + 1)
    assert tell(field) == []


def test_without_channels_nothing_is_put(quick: Store, tmp_path: Path) -> None:
    field = watched(quick, tmp_path, "")
    field.says(OK)
    assert tell(field) == []
