"""What of an incident or an article is searched, and what of it is shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from hashlib import sha256

from lexops.calendars.model import Revision
from lexops.incidents.model import Entry, EntryKind, Incident, State
from lexops.knowledge.model import Article, FoundKind, Standing
from lexops.text import clean

LONGEST = 50_000
"""Characters that are searched of the timeline of one incident."""
LONGEST_SOLUTION = 4_000
_TOLD = (
    EntryKind.OPENED,
    EntryKind.SEVERITY,
    EntryKind.NOTE,
    EntryKind.ASKED,
    EntryKind.ANSWERED,
    EntryKind.UPDATED,
    EntryKind.MITIGATED,
    EntryKind.REOPENED,
    EntryKind.SYNCED,
)
"""What describes the trouble. That people were told, or an incident listed elsewhere, does not."""
_BY_MACHINES = (EntryKind.OPENED, EntryKind.SEVERITY)
"""What LexOps itself writes and is worth finding."""


@dataclass(frozen=True, slots=True)
class Document:
    """One thing that can be found."""

    kind: FoundKind
    ref: str
    """Number of the incident, or name of the article."""
    title: str
    place: str
    """Target, check and fingerprint."""
    solution: str
    """How it was solved, searched and shown."""
    body: str
    target: str = ""
    check: str = ""
    fingerprint: str = ""
    is_solved: bool = False
    """Whether a person said what ended it; what went away by itself teaches little."""
    is_draft: bool = False
    when: datetime | None = None

    @property
    def digest(self) -> str:
        """The same for the same document only."""
        return sha256(repr(astuple(self)).encode("utf-8", "replace")).hexdigest()[:32]


def of_incident(incident: Incident, entries: Sequence[Entry], lexops: str) -> Document | None:
    """An incident; `lexops` is the author of what happens by itself. None: cancelled, so there was none."""
    if incident.state is State.CANCELLED:
        return None
    told = [each.text for each in entries if _tells(each, lexops)]
    ending, by_person = _ending(entries, lexops) if not incident.is_open else ("", False)
    before = [
        each.text for each in entries if each.kind is EntryKind.RESOLVED and is_by_a_person(each, lexops)
    ]
    return Document(
        FoundKind.INCIDENT,
        str(incident.id),
        clean(incident.title, 500),
        " ".join(filter(None, (incident.target, incident.check))),
        clean(ending, LONGEST_SOLUTION),
        _joined([*told, *(each for each in before if each != ending)], LONGEST),
        incident.target or "",
        incident.check or "",
        incident.fingerprint,
        by_person,
        False,
        incident.resolved or incident.opened,
    )


def is_by_a_person(entry: Entry, lexops: str) -> bool:
    """Whether somebody wrote it here: an alert that ends, or a tracker's ticket, tells nothing of how."""
    return entry.author not in (lexops, "alertmanager") and not entry.author.startswith("tracker ")


def _tells(entry: Entry, lexops: str) -> bool:
    return entry.kind in (_BY_MACHINES if entry.author == lexops else _TOLD)


def _ending(entries: Sequence[Entry], lexops: str) -> tuple[str, bool]:
    """What ended it, and whether a person said so: of several who did the last one."""
    ends = [each for each in entries if each.kind in (EntryKind.RESOLVED, EntryKind.MITIGATED)]
    said = [each for each in ends if is_by_a_person(each, lexops)]
    resolved = [each for each in said if each.kind is EntryKind.RESOLVED]
    last = (resolved or said or ends)[-1:]
    return (last[0].text, bool(said)) if last else ("", False)


def of_article(revision: Revision[Article]) -> Document | None:
    """An article; None when it is retired."""
    article = revision.value
    if article.standing is Standing.RETIRED:
        return None
    return Document(
        FoundKind.ARTICLE,
        article.name,
        clean(article.title, 500),
        " ".join((article.name, *article.tags, *article.checks, *article.fingerprints, *article.runbooks)),
        "",
        clean(article.body, 200_000),
        is_draft=article.standing is Standing.DRAFT,
        when=max(filter(None, (revision.recorded, article.reviewed))),
    )


def _joined(texts: Iterable[str], longest: int) -> str:
    """The texts, each once, as far as they go; the oldest first."""
    return clean("\n".join(dict.fromkeys(texts)), longest)
