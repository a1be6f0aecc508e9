"""Contacts as text, both ways: `mail ana@firm.example, pager, sms +41791234567`. Pure.

In the order in which they are tried; each names a channel of lexops.toml and what that needs to know of the
person: a mail address, a telephone number, nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING

from lexops.outbox.model import Contact, Recipient
from lexops.text import clean, one_line

if TYPE_CHECKING:
    from lexops.config import ChannelSettings

MOST = 20
"""Ways to reach one person, or addresses of an audience."""
LONGEST_ADDRESS = 254
"""Characters: as much as a mail address can have (RFC 5321, 4.5.3.1.3)."""
SAMPLE = "write for example: mail ana@firm.example, pager, sms +41791234567"
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
"""E.164: a country code and at most fifteen digits."""
_SPACING = re.compile(r"[ ()./-]")
"""How people write telephone numbers."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


class Unreadable(ValueError):
    """A text names no contacts: what is wrong and where; `hint` says how to mend it."""

    def __init__(self, what: str, hint: str = SAMPLE) -> None:
        super().__init__(what)
        self.hint = hint


def parse(text: str, owner: Recipient, channels: Mapping[str, ChannelSettings]) -> list[Contact]:
    """The contacts that a text names, fitting the channels of the site. Raises Unreadable."""
    parts = [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]
    if not parts:
        raise Unreadable("no contacts")
    if len(parts) > MOST:
        raise Unreadable(f"{len(parts)} contacts are more than {MOST}", "a mail address of a list helps")
    found: list[Contact] = []
    for rank, part in enumerate(parts):
        channel, _, given = part.partition(" ")
        address = _address(part, channel, given.strip(), channels)
        if any((each.channel, each.address) == (channel, address) for each in found):
            raise Unreadable(f"{one_line(part, 80)!r} is there twice")
        found.append(Contact(owner, rank, channel, address))
    return found


def parse_owner(text: str | None, operator: str) -> Recipient:
    """Whose contacts are meant: the operator's own, another one's, an audience's. Raises Unreadable."""
    if not text:
        text = operator
    written = text if ":" in text else f"operator:{text}"
    kind, _, name = written.partition(":")
    if kind not in ("operator", "audience") or not name:
        raise Unreadable(
            f"{one_line(text, 60)!r} is nobody", "write the name of an operator, or audience:NAME"
        )
    if kind == "audience" and not _NAME.fullmatch(name):
        raise Unreadable(
            f"{one_line(name, 60)!r} cannot name an audience", "small letters, digits and dashes"
        )
    return Recipient.parse(written)


def _address(part: str, channel: str, given: str, channels: Mapping[str, ChannelSettings]) -> str:
    """The address as it is kept."""
    settings = channels.get(channel)
    if settings is None:
        close = get_close_matches(channel, channels, 1)
        named = (
            f"did you mean {close[0]}?" if close else f"there are: {', '.join(sorted(channels)) or 'none'}"
        )
        what = f"there is no channel {one_line(channel, 40)!r} in lexops.toml"
        raise Unreadable(what, named if channels else "declare one: [channels.NAME] in lexops.toml")
    if len(given) > LONGEST_ADDRESS or clean(given) != given or "\t" in given:
        raise Unreadable(f"{one_line(part, 80)!r}: this is no address")
    match settings.kind:
        case "smtp":
            return _mail_address(channel, given)
        case "apprise":
            return _number(given) if given.startswith(("+", "00")) else given
        case "webhook":
            return given
        case _:
            if given:
                raise Unreadable(f"{channel} takes no address", f"write only: {channel}")
            return ""


def _mail_address(channel: str, given: str) -> str:
    if not given:
        raise Unreadable(f"{channel} needs a mail address", f"write: {channel} ana@firm.example")
    name, _, domain = given.rpartition("@")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode()
        except UnicodeError:
            raise Unreadable(f"{one_line(given, 80)!r} is no mail address") from None
    if not _MAIL.fullmatch(f"{name}@{domain}"):
        raise Unreadable(f"{one_line(given, 80)!r} is no mail address", f"write: {channel} ana@firm.example")
    return f"{name}@{domain}"


def _number(given: str) -> str:
    plain = _SPACING.sub("", given)
    plain = f"+{plain[2:]}" if plain.startswith("00") else plain
    if not _NUMBER.fullmatch(plain):
        hint = "with the country in front, as everywhere in the world: +41791234567"
        raise Unreadable(f"{one_line(given, 40)!r} is no telephone number", hint)
    return plain
