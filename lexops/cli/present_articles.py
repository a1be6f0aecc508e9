"""Articles and what a search has found, as lines of text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from lexops.calendars.model import Revision
from lexops.cli.present import moment
from lexops.clock import show_duration, show_moment
from lexops.knowledge.model import Answer, Article, Found, FoundKind
from lexops.text import clean, one_line

HEAD = ("article", "standing", "read", "helps with", "title")
HISTORY_HEAD = ("rev", "recorded", "by", "what", "why")
_FIELDS = ("title", "body", "checks", "fingerprints", "runbooks", "tags", "standing", "reviewed")


def article_row(revision: Revision[Article], why: str, now: datetime) -> tuple[str, ...]:
    """One line of the list; `why` it is stale."""
    article = revision.value
    title = one_line(article.title, 120)
    return (
        article.name,
        article.standing.value,
        f"{show_duration(now - read(revision))} ago",
        ", ".join((*article.checks, *article.fingerprints)) or "-",
        f"{title} (stale: {one_line(why, 300)})" if why else title,
    )


def read(revision: Revision[Article]) -> datetime:
    """When somebody last read it through, or wrote it."""
    return max(filter(None, (revision.recorded, revision.value.reviewed)))


def article_lines(revision: Revision[Article], why: str, zone: ZoneInfo) -> Iterator[str]:
    """The article as it is written, with what is known of it above."""
    article = revision.value
    yield one_line(article.title, 200)
    by = one_line(revision.operator, 80)
    yield f"{article.name}, {article.standing}, revision {revision.number} by {by}"
    yield f"read {show_moment(read(revision), zone)}" + (f"; stale: {one_line(why, 300)}" if why else "")
    for name in ("checks", "fingerprints", "runbooks", "tags"):
        values = getattr(article, name)
        if values:
            yield f"{name}: {', '.join(values)}"
    if article.incident:
        yield f"made from incident #{article.incident}"
    yield ""
    yield from clean(article.body, 1_000_000).split("\n")


def article_json(revision: Revision[Article], why: str, *, body: bool = True) -> dict[str, Any]:
    """The article as data."""
    article = revision.value
    return {
        "article": article.name,
        "title": article.title,
        "standing": article.standing.value,
        "checks": list(article.checks),
        "fingerprints": list(article.fingerprints),
        "runbooks": list(article.runbooks),
        "tags": list(article.tags),
        "incident": article.incident or None,
        "revision": revision.number,
        "recorded": moment(revision.recorded),
        "operator": revision.operator,
        "reviewed": moment(article.reviewed),
        "stale": why or None,
        **({"body": article.body} if body else {}),
    }


# The history.


def history_rows(revisions: Sequence[Revision[Article]], zone: ZoneInfo) -> Iterator[tuple[str, ...]]:
    """One line for each revision, the newest first."""
    for revision, what in reversed(list(_changes(revisions))):
        yield (
            str(revision.number),
            show_moment(revision.recorded, zone),
            revision.operator,
            ", ".join(what),
            one_line(revision.reason),
        )


def history_json(revisions: Sequence[Revision[Article]]) -> list[dict[str, Any]]:
    """The revisions as data, the oldest first."""
    return [
        {
            "revision": revision.number,
            "recorded": moment(revision.recorded),
            "operator": revision.operator,
            "reason": revision.reason,
            "changes": what,
        }
        for revision, what in _changes(revisions)
    ]


def _changes(revisions: Sequence[Revision[Article]]) -> Iterator[tuple[Revision[Article], list[str]]]:
    before: Article | None = None
    for revision in revisions:
        article = revision.value
        if before is None:
            yield revision, ["new"]
        else:
            yield revision, [name for name in _FIELDS if getattr(article, name) != getattr(before, name)]
        before = article


# What was found.


def found_lines(found: Sequence[Found], now: datetime) -> Iterator[str]:
    """Each hit on a line, and below how it was solved."""
    for each in found:
        marks = [word for word, is_so in (("draft", each.draft), ("stale", each.stale)) if is_so]
        age = f", {show_duration(now - each.when)} ago" if each.when else ""
        noted = f" ({', '.join(marks)})" if marks else ""
        yield f"{reference(each)}{age}: {one_line(each.title, 200)}{noted}"
        if each.solved:
            yield f"    solved: {one_line(each.solved, 500)}"


def reference(found: Found) -> str:
    """What a hit is called: `#41`, `article full-disk`."""
    return f"#{found.id}" if found.kind is FoundKind.INCIDENT else f"article {found.id}"


def found_json(found: Sequence[Found]) -> list[dict[str, Any]]:
    """The hits as data."""
    return [
        {
            "kind": each.kind.value,
            "id": int(each.id) if each.kind is FoundKind.INCIDENT else each.id,
            "title": each.title,
            "score": each.score,
            "solved": each.solved or None,
            "when": moment(each.when),
            "stale": each.stale,
            "draft": each.draft,
        }
        for each in found
    ]


def answer_json(answer: Answer) -> dict[str, Any]:
    """A search as data."""
    return {"found": found_json(answer.found), "notice": answer.notice or None}
