"""Zammad over its REST API.

A ticket is found again by a word in its first article, with or without a search engine behind. What is found
is looked into: a search by words also finds whoever quotes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from lexops.clock import Clock, utc_text
from lexops.trackers import shape
from lexops.trackers.http import Http
from lexops.trackers.model import Comment, External
from lexops.trackers.port import TrackerRefused

API = "api/v1"
TITLE = 250
FOUND = 20
"""Tickets of a search that are looked into."""
PENDING = timedelta(days=7)
"""When Zammad reminds its people of a ticket that waits; it takes none that waits for ever."""


class Zammad:
    """Tickets of one group."""

    def __init__(self, http: Http, group: str, customer: str, time: Clock) -> None:
        self._http, self._group, self._customer, self._time = http, group, customer, time

    def who(self) -> str:
        found = shape.record(self._http.get(f"{API}/users/me"), "account")
        return shape.text_of(found, "login") or "unnamed"

    def find(self, mark: str) -> External | None:
        answer = self._http.get(f"{API}/tickets/search", query=mark, limit=FOUND, expand="true")
        for each in shape.records(answer, "tickets"):
            id = shape.identity(each, "id", "ticket")
            articles = self._articles(id)
            if articles and mark in shape.words(articles[0].get("body"), html=_is_html(articles[0])).split():
                return self._ticket(each)
        return None

    def create(self, title: str, text: str, mark: str) -> External:
        body = {
            "title": title[:TITLE],
            "group": self._group,
            "customer": self._customer,
            "article": _article(text, title[:TITLE]),
        }
        answer = self._http.ask("POST", f"{API}/tickets", body, {"expand": "true"})
        return self._ticket(shape.record(answer, "ticket"))

    def comment(self, id: str, text: str) -> str:
        body = {"ticket_id": _number(id)} | _article(text)
        answer = shape.record(self._http.ask("POST", f"{API}/ticket_articles", body), "article")
        return shape.identity(answer, "id", "article")

    def transition(self, id: str, states: Sequence[str]) -> str:
        reason = "no state there means that"
        for state in states:
            body = {"state": state}
            if state.startswith("pending"):
                body["pending_time"] = utc_text(self._time.now() + PENDING)
            try:
                answer = self._http.ask("PUT", f"{API}/tickets/{_number(id)}", body, {"expand": "true"})
                return shape.text_of(shape.record(answer, "ticket"), "state") or state
            except TrackerRefused as error:
                reason = str(error)
        raise TrackerRefused(reason)

    def read(self, id: str, since: datetime | None) -> External:
        answer = shape.record(self._http.get(f"{API}/tickets/{_number(id)}", expand="true"), "ticket")
        comments = tuple(map(_comment, self._articles(id)))
        return self._ticket(answer, tuple(sorted(comments, key=lambda each: each.at)))

    def _articles(self, id: str) -> list[Mapping[str, Any]]:
        found = shape.records(self._http.get(f"{API}/ticket_articles/by_ticket/{_number(id)}"), "articles")
        return sorted(found, key=lambda each: shape.identity(each, "id", "article").rjust(shape.ID))

    def _ticket(self, found: Mapping[str, Any], comments: tuple[Comment, ...] = ()) -> External:
        id = shape.identity(found, "id", "ticket")
        return External(
            id,
            f"{self._http.url}/#ticket/zoom/{quote(id, safe='')}",
            shape.text_of(found, "state"),
            shape.text_of(found, "title", 200),
            comments,
        )


def _number(id: str) -> int:
    """Ids of tickets are numbers; the number that people see is another one."""
    if not (id.isascii() and id.isdigit()):
        raise TrackerRefused(f"{id!r} is no id of a ticket", hint="the number in the address of the ticket")
    return int(id)


def _article(text: str, subject: str = "") -> dict[str, object]:
    """A note that everybody sees who sees the ticket; as plain text, so that nothing in it is markup."""
    named = {"subject": subject} if subject else {}
    return {**named, "body": text, "content_type": "text/plain", "type": "note", "internal": False}


def _is_html(found: Mapping[str, Any]) -> bool:
    return found.get("content_type") == "text/html"


def _comment(found: Mapping[str, Any]) -> Comment:
    return Comment(
        shape.identity(found, "id", "article"),
        shape.moment_of(found, "created_at"),
        shape.text_of(found, "from", 60) or shape.text_of(found, "created_by", 60) or "somebody",
        shape.words(found.get("body"), html=_is_html(found)),
    )
