"""How LexOps knows its own words in another ticket system again. Pure.

The last line of what we say there names the incident by a key, the entry of our timeline, and a digest of the
text above. A comment that only quotes us has another text above, so it is not taken for ours. Trackers change
white space and escape signs: letters and digits alone are compared, and the parts stand apart by spaces, so
that a search engine sees words.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

TICKET = 0
"""In the place of the entry, in the text with which a ticket was made."""
_STAMP = re.compile(r"lexops ([0-9a-f]{16})(?:n[0-9]{1,4})? ([0-9]{1,18}) ([0-9a-f]{8})")
_SIGNS = re.compile(r"[\W_]+")


def key_of(incident: int, fingerprint: str, opened: datetime, tracker: str) -> str:
    """The same for an incident for ever, and no other's: numbers are used on every site."""
    text = f"{incident}/{fingerprint}/{opened.isoformat()}/{tracker}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def mark_of(key: str, before: int) -> str:
    """Under which a ticket is made, when an incident had so many tickets there before."""
    return f"{key}n{before}"


def stamped(text: str, mark: str, entry: int) -> str:
    """Words of ours, with the line by which they are known again; `mark` is a key, or a ticket's mark."""
    return f"{text.rstrip()}\n\n[lexops {mark} {entry} {_digest(text)}]"


def entry_of(text: str, key: str) -> int | None:
    """The entry that a comment tells of, if it is ours; None for what others say."""
    above, _, last = text.rstrip().rpartition("\n")
    found = _STAMP.fullmatch(_SIGNS.sub(" ", last).strip().lower())
    if found is None or found[1] != key or found[3] != _digest(above):
        return None
    return int(found[2])


def _digest(text: str) -> str:
    return hashlib.sha256(_SIGNS.sub("", text).casefold().encode()).hexdigest()[:8]
