"""A draft of an article, made from an incident and how it was solved. Pure.

What people and machines wrote is quoted as it is, between lines that no Markdown can leave: it was never
meant as Markdown. Who wrote it is left out: an article is about the trouble, not about people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from unicodedata import normalize

from lexops.incidents.model import Entry, EntryKind, Incident, Origin
from lexops.knowledge.documents import is_by_a_person
from lexops.knowledge.drafting import LONGEST_TITLE
from lexops.knowledge.model import Article, Standing
from lexops.text import clean, one_line

LONGEST_QUOTE = 2_000
"""Characters of one entry that are taken over."""
MOST = 12
"""Entries that are taken over, the last ones."""
LONGEST_NAME = 32
"""Characters of a name that nobody has chosen; it is cut between words."""
_SEEN = (EntryKind.OPENED, EntryKind.SEVERITY)
_DONE = (EntryKind.NOTE, EntryKind.MITIGATED)


def draft(incident: Incident, entries: Sequence[Entry], name: str, title: str, lexops: str) -> Article:
    """The draft; `lexops` is the author of what happens by itself, whose notes tell nothing."""
    people = [each for each in entries if is_by_a_person(each, lexops)]
    seen = [each.text for each in entries if each.kind in _SEEN or _is_the_mail(each, incident, entries)]
    done = [each.text for each in people if each.kind in _DONE and each.text not in seen]
    ended = [each.text for each in people if each.kind is EntryKind.RESOLVED]
    where = f" on {incident.target}" if incident.target else ""
    parts = [
        f"Made from incident #{incident.id}{where}. Read it through, take out what is only about that one.",
        _section("What was seen", seen),
        _section("What was found and done", done),
        _section("How it was solved", ended[-1:]),
    ]
    return Article(
        name=name,
        title=one_line(title, LONGEST_TITLE),
        body="\n\n".join(parts),
        checks=(incident.check,) if incident.check else (),
        # No check tells of an alert, and of one that fires again the fingerprint is the same.
        fingerprints=(incident.fingerprint,) if incident.origin is Origin.ALERT else (),
        standing=Standing.DRAFT,
        incident=incident.id,
    )


def _is_the_mail(entry: Entry, incident: Incident, entries: Sequence[Entry]) -> bool:
    """Whether it is what the ticket was opened by mail with: what hurts, and nothing that was done."""
    wrote = incident.origin is Origin.MAIL and entry.author == entries[0].author
    return wrote and entry.kind is EntryKind.NOTE


def _section(title: str, texts: Iterable[str]) -> str:
    quoted = [_quote(each) for each in dict.fromkeys(texts)][-MOST:]
    return "\n\n".join([f"## {title}", *(filter(None, quoted) if any(quoted) else ["Nothing was written."])])


def _quote(text: str) -> str:
    """The text as an indented block, which shows every sign as it is."""
    lines = clean(text.replace("\r\n", "\n"), LONGEST_QUOTE).strip().split("\n")
    return "\n".join(f"    {line.rstrip()}" for line in lines if line.strip())


def name_from(title: str, incident: int) -> str:
    """A name for the article from its title: `standby-lags-behind`."""
    plain = normalize("NFKD", title.lower()).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(name) > LONGEST_NAME:
        name = name[: LONGEST_NAME + 1].rpartition("-")[0] or name[:LONGEST_NAME]
    return name or f"incident-{incident}"
