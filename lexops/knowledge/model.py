"""Articles and what is found, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Standing(StrEnum):
    """Whether an article is to be used."""

    DRAFT = "draft"
    CURRENT = "current"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Article:
    """What is known about a kind of trouble, in Markdown. Its history is its revisions."""

    name: str
    """Its address: small letters, digits and dashes."""
    title: str
    body: str
    checks: tuple[str, ...] = ()
    """Checks it helps with, * for any part."""
    fingerprints: tuple[str, ...] = ()
    """Incidents it helps with: `billing-db/postgresql.replication-lag`, * for any part."""
    runbooks: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    standing: Standing = Standing.CURRENT
    reviewed: datetime | None = None
    """When somebody last read it through and found it right."""
    incident: int = 0
    """From whose resolution it was made."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What something similar is looked for: an incident, or what fails and has none yet."""

    title: str
    target: str = ""
    check: str = ""
    fingerprint: str = ""
    text: str = ""
    """What else is known of it: what the check said, notes."""
    number: int = 0
    """Of the incident itself, which is left out."""


class FoundKind(StrEnum):
    """What a search finds."""

    INCIDENT = "incident"
    ARTICLE = "article"


@dataclass(frozen=True, slots=True)
class Found:
    """One hit, the best first."""

    kind: FoundKind
    id: str
    """Number of the incident, or name of the article."""
    title: str
    score: float
    """Greater is nearer; only comparable within one search."""
    solved: str = ""
    """How it ended, of an incident that did."""
    when: datetime | None = None
    stale: bool = False
    draft: bool = False
    """An article that nobody has approved yet."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search gives."""

    found: tuple[Found, ...]
    """The best first."""
    notice: str = ""
    """What speaks against relying on it: that there is no index, or only an old one."""
