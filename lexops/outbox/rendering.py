"""What is sent: one message, or several in one. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from lexops.outbox.model import Message, RecipientKind, Urgency
from lexops.outbox.template import Filled, Text, parse

BUNDLE, LAST_RESORT = "bundle", "last-resort"
LISTED = 3
"""Messages that the subject of a bundle names."""

Texts = Callable[[str], Text | None]
"""The text of a template by its name; None when there is none."""

_ANY = parse("Subject: $priority $title\nShort: $priority $title\n\n$title\n$text\n$why\n$link")
"""For a template that nobody knows: better told plainly than not at all."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """Words and facts that are ready to be sent."""

    subject: str
    short: str
    body: str
    messages: tuple[Message, ...]
    """What it is made of; at least one."""
    recipient: str
    """The name: ana, partners, ops."""
    at: datetime
    """When it was made."""
    site: str

    @property
    def is_page(self) -> bool:
        return any(each.urgency is Urgency.PAGE for each in self.messages)

    @property
    def subjects(self) -> tuple[str, ...]:
        """What the messages are about, without repetition."""
        return tuple(dict.fromkeys(each.subject for each in self.messages))


def rendered(
    messages: Sequence[Message], texts: Texts, *, at: datetime, site: str, last_resort: str = ""
) -> Rendered:
    """One message, or a bundle of several to the same recipient.

    `last_resort` says why it comes to somebody else; empty when it does not.
    """
    recipient = messages[0].recipient.name
    shared = {"site": site, "recipient": recipient}
    parts = [_one(each, texts, shared) for each in messages]
    filled = parts[0] if len(parts) == 1 else _bundle(parts, texts, shared)
    if last_resort:
        given = {"reason": last_resort, "headline": filled.subject, "text": filled.body}
        filled = _text(texts, LAST_RESORT).fill(shared | given)
    return Rendered(filled.subject, filled.short, filled.body, tuple(messages), recipient, at, site)


def _one(message: Message, texts: Texts, shared: Mapping[str, str]) -> Filled:
    return _text(texts, message.template).fill({**message.values, **shared})


def _bundle(parts: Sequence[Filled], texts: Texts, shared: Mapping[str, str]) -> Filled:
    more = len(parts) - LISTED
    headline = "; ".join(each.subject for each in parts[:LISTED])
    headline += f"; and {more} more" if more > 0 else ""
    listing = "\n".join(f"- {each.subject}" for each in parts)
    whole = "\n\n".join(f"--- {each.subject}\n\n{each.body}" for each in parts)
    given = {"count": str(len(parts)), "headline": headline, "text": f"{listing}\n\n{whole}"}
    return _text(texts, BUNDLE).fill(dict(shared) | given)


def _text(texts: Texts, name: str) -> Text:
    return texts(name) or _ANY


def key_of(messages: Sequence[Message]) -> str:
    """The key under which something is sent; the same messages again have the same one.

    People outside get one message at several addresses, and each of those is a sending of its own.
    """
    keys = sorted(each.key for each in messages)
    key = keys[0] if len(keys) == 1 else f"bundle/{sha256(chr(10).join(keys).encode()).hexdigest()[:32]}"
    first = messages[0]
    return f"{key}/{first.rank}" if first.recipient.kind is RecipientKind.AUDIENCE else key
