"""Which articles help with a failing check, and which of them can no longer be relied on. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from lexops.calendars.model import Revision
from lexops.clock import show_duration
from lexops.knowledge.model import Article, Standing


def fits(pattern: str, name: str) -> bool:
    """Whether a name is what a pattern means; * stands for any part, and nothing else is special."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL) is not None


def articles_for(
    articles: Iterable[Article], target: str, check: str, fingerprint: str = ""
) -> list[Article]:
    """The articles that help with a check of a target, what names it most exactly first.

    `fingerprint` is that of an incident, where it is not `target/check`. Retired articles help with nothing;
    drafts come after all others.
    """
    print_ = fingerprint or (f"{target}/{check}" if check else "")
    ranked = []
    for article in articles:
        distance = _distance(article, print_, check)
        if distance is not None and article.standing is not Standing.RETIRED:
            ranked.append((article.standing is Standing.DRAFT, distance, article.name, article))
    return [each[-1] for each in sorted(ranked, key=lambda each: each[:3])]


def _distance(article: Article, fingerprint: str, check: str) -> int | None:
    """0 names the incident, 1 a pattern of it, 2 the check, 3 a pattern of it; None: neither."""
    for distance, patterns, name in ((0, article.fingerprints, fingerprint), (2, article.checks, check)):
        fitting = [pattern for pattern in patterns if name and fits(pattern, name)]
        if fitting:
            return distance + all("*" in pattern for pattern in fitting)
    return None


def staleness(
    revision: Revision[Article],
    now: datetime,
    review_after: timedelta,
    checks: Collection[str] | None = None,
    runbooks: Collection[str] | None = None,
) -> str:
    """Why an article should be looked through, in words; empty when it need not be.

    `checks` and `runbooks` are those there are; None where that is not known. What is retired is not stale.
    """
    article = revision.value
    if article.standing is Standing.RETIRED:
        return ""
    gone = [f"there is no check {each}" for each in missing(article.checks, checks)]
    gone += [f"there is no runbook {each}" for each in missing(article.runbooks, runbooks)]
    read = max(filter(None, (revision.recorded, article.reviewed)))
    if now - read > review_after:
        gone.append(f"nobody has looked it through for {show_duration(now - read)}")
    return "; ".join(gone)


def missing(patterns: Sequence[str], names: Collection[str] | None) -> list[str]:
    """The patterns that fit no name; none while the names are not known."""
    if not names:
        return []
    return [pattern for pattern in patterns if not any(fits(pattern, name) for name in names)]
