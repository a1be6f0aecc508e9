"""An article as the JSON document of its revision, and back. Pure.

    {"title": "Standby lags", "body": "Look at …", "checks": ["postgresql.replication-*"], "fingerprints": [],
     "runbooks": [], "tags": ["replication"], "standing": "current", "reviewed": null, "incident": 0}

Reading takes nothing for granted: what it gives back can be shown.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any

from lexops.calendars.document import Unusable, moment, reading
from lexops.knowledge.model import Article, Standing

Document = dict[str, Any]


def to_document(article: Article) -> Document:
    """The article without its name; the same article is always the same document."""
    return {
        "title": article.title,
        "body": article.body,
        "checks": list(article.checks),
        "fingerprints": list(article.fingerprints),
        "runbooks": list(article.runbooks),
        "tags": list(article.tags),
        "standing": article.standing.value,
        "reviewed": article.reviewed.astimezone(UTC).isoformat() if article.reviewed else None,
        "incident": article.incident,
    }


def from_document(name: str, document: Any) -> Article:
    """The article of a document. Raises Unusable that says what is wrong with it."""
    with reading():
        return Article(
            name=name,
            title=_text(document["title"]),
            body=_text(document["body"]),
            checks=_texts(document["checks"]),
            fingerprints=_texts(document["fingerprints"]),
            runbooks=_texts(document["runbooks"]),
            tags=_texts(document["tags"]),
            standing=Standing(document["standing"]),
            reviewed=moment(document["reviewed"]),
            incident=int(document["incident"]),
        )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Unusable(f"a text that is {type(value).__name__}")
    return value


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise Unusable(f"a list that is {type(values).__name__}")
    return tuple(map(_text, values))
