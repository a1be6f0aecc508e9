"""What happened before and is known about a trouble: the questions that doors ask.

They are answered from the index. Where that cannot be read, the store itself is asked for the same check and
the same words, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from lexops.checks.triage import Past
from lexops.clock import show_duration
from lexops.config import SiteFile
from lexops.incidents import store as incidents
from lexops.incidents.model import Entry, EntryKind, Incident
from lexops.knowledge import fts, matching, search, store
from lexops.knowledge.documents import Document, of_article, of_incident
from lexops.knowledge.index import path_of
from lexops.knowledge.model import Answer, Found, FoundKind, Trouble
from lexops.text import one_line

OLD = timedelta(hours=1)
"""An index that nobody has looked after for so long is told to be old."""
LIKE = 1_000
"""Incidents, the newest, whose titles are read where there is no index."""


def look_for(connection: Connection, file: SiteFile, now: datetime, words: str, limit: int = 20) -> Answer:
    """Incidents and articles about some words, the nearest first. Raises StoreError."""
    asked = search.query(words)
    try:
        with fts.reading(path_of(file)) as index:
            hits, notice = index.find(asked), _age(index, now)
    except fts.Unreadable as error:
        hits, notice = _without_index(connection, asked), _said(error)
    return _checked(connection, file, now, search.ranked(hits, limit), notice)


def similar(
    connection: Connection, file: SiteFile, now: datetime, trouble: Trouble, limit: int = 5
) -> Answer:
    """Other incidents like this one, the nearest first, with how each was solved. Raises StoreError."""
    asked = search.query(search.text_of(trouble))
    try:
        with fts.reading(path_of(file)) as index:
            same = index.same(trouble.check, trouble.fingerprint)
            near = index.find(asked, FoundKind.INCIDENT)
            notice = _age(index, now)
    except fts.Unreadable as error:
        same, near, notice = _same(connection, trouble), [], _said(error)
    found = {hit.document.ref: hit for hit in (*same, *near)}
    found.pop(str(trouble.number), None)
    return _checked(connection, file, now, search.ranked(found.values(), limit, trouble), notice)


def helping(
    connection: Connection,
    file: SiteFile,
    now: datetime,
    trouble: Trouble,
    *,
    checks: Collection[str] | None = None,
    runbooks: Collection[str] | None = None,
) -> tuple[Found, ...]:
    """The articles for a check or an incident, what names it most exactly first. Raises StoreError.

    `checks` and `runbooks` are those there are, so that articles about others are known to be stale.
    """
    known = {each.value.name: each for each in store.articles(connection)}
    fitting = matching.articles_for(
        (each.value for each in known.values()), trouble.target, trouble.check, trouble.fingerprint
    )
    after = file.settings.knowledge.review_after
    found = []
    for place, article in enumerate(fitting):
        document = of_article(known[article.name])
        assert document is not None  # retired ones help with nothing
        stale = matching.staleness(known[article.name], now, after, checks, runbooks)
        found.append(
            Found(
                FoundKind.ARTICLE,
                article.name,
                article.title,
                float(len(fitting) - place),
                when=document.when,
                stale=bool(stale),
                draft=document.is_draft,
            )
        )
    return tuple(found)


def trouble_of(incident: Incident, entries: Iterable[Entry] = ()) -> Trouble:
    """What something similar to an incident is looked for; of its timeline what it began with counts."""
    first = next((each.text for each in entries if each.kind is EntryKind.OPENED), "")
    return Trouble(
        incident.title,
        incident.target or "",
        incident.check or "",
        incident.fingerprint,
        first if first != incident.title else "",
        incident.id,
    )


def past(
    connection: Connection, file: SiteFile, now: datetime, trouble: Trouble, limit: int = 5
) -> tuple[Past, ...]:
    """Similar incidents as a triage tells them, as they stand in the store now. Raises StoreError."""
    found = similar(connection, file, now, trouble, limit).found
    known = {str(each.id): each for each in incidents.some(connection, [int(each.id) for each in found])}
    return tuple(
        Past(
            known[each.id].id,
            known[each.id].target or "",
            known[each.id].title,
            known[each.id].opened,
            known[each.id].resolved,
            known[each.id].owner or "",
            each.solved,
        )
        for each in found
        if each.id in known
    )


def _checked(
    connection: Connection, file: SiteFile, now: datetime, found: Iterable[Found], notice: str
) -> Answer:
    """The hits that the store knows, too; articles that are to be looked through are marked."""
    hits = list(found)
    numbers = [int(each.id) for each in hits if each.kind is FoundKind.INCIDENT]
    names = [each.id for each in hits if each.kind is FoundKind.ARTICLE]
    there = {str(each.id) for each in incidents.some(connection, numbers)}
    articles = {each.value.name: each for each in store.articles(connection, names)} if names else {}
    after = file.settings.knowledge.review_after
    kept = []
    for each in hits:
        if each.kind is FoundKind.INCIDENT and each.id in there:
            kept.append(each)
        elif each.id in articles:
            stale = matching.staleness(articles[each.id], now, after)
            kept.append(replace(each, stale=bool(stale)))
    return Answer(tuple(kept), notice)


def _age(index: fts.Index, now: datetime) -> str:
    at = datetime.fromisoformat(index.meta()["at"])
    if now - at <= OLD:
        return ""
    return f"the index is {show_duration(now - at)} old: what is newer is not found; is a worker alive?"


# Without an index.


def _said(error: Exception) -> str:
    return f"searched without the index, by the same check and the same words only: {one_line(error, 200)}"


def _same(connection: Connection, trouble: Trouble) -> list[search.Hit]:
    found = incidents.similar(connection, trouble.target, trouble.check, trouble.title, trouble.number)
    return _hits(connection, [each for each, _ in found], lambda _: 1.0)


def _without_index(connection: Connection, asked: search.Query) -> list[search.Hit]:
    """What has one of the words in its title; among incidents of the newest ones."""
    known = sorted(incidents.incidents(connection, include_resolved=True), key=lambda each: -each.id)[:LIKE]

    def nearness(document: Document) -> float:
        words = set(search.words_of(f"{document.title} {document.place}"))
        return sum(word in words for word in asked.words) / max(1, len(asked.words))

    found = _hits(connection, [each for each in known if _has_any(each.title, asked.words)], nearness)
    documents = [of_article(each) for each in store.articles(connection)]
    found += [search.Hit(each, nearness(each)) for each in documents if each is not None]
    return [hit for hit in found if hit.nearness > 0]


def _has_any(title: str, words: Collection[str]) -> bool:
    return not set(search.words_of(title)).isdisjoint(words)


def _hits(
    connection: Connection, known: list[Incident], nearness: Callable[[Document], float]
) -> list[search.Hit]:
    told = incidents.timelines(connection, [each.id for each in known])
    documents = [of_incident(each, told[each.id], incidents.LEXOPS) for each in known]
    return [search.Hit(each, nearness(each)) for each in documents if each is not None]
