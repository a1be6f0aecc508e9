"""Where a mail belongs: to a ticket that there is, or to a new one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from lexops.incidents.model import Entry, Incident, State


class Place(StrEnum):
    """What a mail does."""

    NEW = "new"
    NOTE = "note"
    """It is written into the ticket that it answers."""
    RESUME = "resume"
    """So too, and the ticket waits no longer."""
    REOPEN = "reopen"
    FOLLOW = "follow"
    """A new ticket that goes back to one that is over."""


def place(incident: Incident | None, *, now: datetime, reopen_within: timedelta) -> Place:
    """What becomes of a mail about `incident`, which is the sender's as told by :func:`is_theirs`."""
    if incident is None:
        return Place.NEW
    if incident.is_open:
        return Place.RESUME if incident.state is State.WAITING else Place.NOTE
    ended = incident.resolved
    if incident.state is State.RESOLVED and ended is not None and now - ended <= reopen_within:
        return Place.REOPEN
    return Place.FOLLOW


def is_theirs(incident: Incident, timeline: Iterable[Entry], sender: str, client: str) -> bool:
    """Whether a sender is of the ticket's client, or has written to it before.

    Nobody vouches for a sender, and numbers can be guessed: who has nothing to do with a ticket writes
    nothing into it, but opens one of their own.
    """
    if client and client.casefold() == incident.client.casefold():
        return True
    return any(entry.author == author(sender) for entry in timeline)


def author(sender: str) -> str:
    """An address as the author of an entry, which has 80 characters at most."""
    return sender[:80]


def client_of(sender: str, clients: Mapping[str, str]) -> str:
    """The client's code for an address: its own, else that of its domain; empty for a stranger."""
    known = {name.strip().lower(): code for name, code in clients.items()}
    return known.get(sender) or known.get(f"@{sender.rpartition('@')[2]}", "")
