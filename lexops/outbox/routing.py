"""By which ways a message goes, in which order. Pure.

A person's contacts are tried one after the other until one takes the message, then the last resort. People
outside get it by every contact. That something was taken or is over goes by every way that carried a page
about it, and by no other: who was never told of a problem does not hear that it is solved (icinga2 #6047).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lexops.outbox.model import Contact, Message, Recipient, RecipientKind

if TYPE_CHECKING:
    from lexops.config import ChannelSettings

TAKEN, RESOLVED = "taken", "resolved"
"""Templates of messages that end what a page began."""
ENDING = frozenset({TAKEN, RESOLVED})
TEST = "test"
"""The template of a message that tries one contact: no other one is tried when it fails."""


@dataclass(frozen=True, slots=True)
class Way:
    """A channel and what it needs to know of the recipient."""

    channel: str
    address: str
    is_last_resort: bool = False

    @property
    def place(self) -> tuple[str, str]:
        return self.channel, self.address


@dataclass(frozen=True, slots=True)
class Route:
    """The ways of one message."""

    ways: tuple[Way, ...]
    every: bool = False
    """Whether each of them is to carry it; else the first that can."""
    why: str = ""
    """Why nobody can be reached but by the last resort; empty when somebody can."""


def route(
    message: Message,
    contacts: Sequence[Contact],
    channels: Mapping[str, ChannelSettings],
    last_resort: Sequence[str],
    carried: Collection[tuple[str, str]] = (),
) -> Route:
    """The ways of a message; `carried` are those by which pages about its subject reached the recipient."""
    recipient = message.recipient
    own = own_ways(recipient, contacts)
    if message.template in ENDING and carried:
        return Route(tuple(Way(*place) for place in carried), every=True)
    if message.template == TEST:
        return Route(own)
    if recipient.kind is RecipientKind.AUDIENCE:
        return Route(own, every=True, why=why_unreachable(recipient, contacts, channels))
    known = {way.place for way in own}
    more = tuple(way for way in _last(last_resort) if way.place not in known)
    return Route(own + more, why=why_unreachable(recipient, contacts, channels))


def own_ways(recipient: Recipient, contacts: Sequence[Contact]) -> tuple[Way, ...]:
    """How somebody is reached without the last resort."""
    if recipient.kind is RecipientKind.CHANNEL:
        return (Way(recipient.name, ""),)
    return tuple(Way(each.channel, each.address) for each in contacts)


def _last(lines: Sequence[str]) -> list[Way]:
    """The ways of `[notify] last_resort`: CHANNEL, or CHANNEL ADDRESS."""
    words = [line.split(maxsplit=1) for line in lines if line.strip()]
    return [Way(each[0], each[1].strip() if len(each) > 1 else "", is_last_resort=True) for each in words]


def why_unreachable(
    recipient: Recipient, contacts: Sequence[Contact], channels: Mapping[str, ChannelSettings]
) -> str:
    """Why none of somebody's own ways can work as things are written; empty when one can."""
    ways = own_ways(recipient, contacts)
    if not ways:
        return f"{recipient.name} has no contacts"
    wrong = [why_not(way, channels) for way in ways]
    return "; ".join(dict.fromkeys(wrong)) if all(wrong) else ""


def why_not(way: Way, channels: Mapping[str, ChannelSettings]) -> str:
    """Why a way cannot work as things are written; empty when it can."""
    settings = channels.get(way.channel)
    if settings is None:
        return f"the channel {way.channel} is not in lexops.toml"
    if settings.kind == "smtp" and not way.address:
        return f"the channel {way.channel} needs a mail address"
    return ""
