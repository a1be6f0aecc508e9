"""A tracker that speaks the small dialect of docs/trackers.md: for a bridge of one's own to anything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from lexops.clock import utc_text
from lexops.text import one_line
from lexops.trackers import shape
from lexops.trackers.http import Http
from lexops.trackers.model import Comment, External
from lexops.trackers.port import TrackerRefused


class Rest:
    """Tickets, comments and states under one address."""

    def __init__(self, http: Http, project: str) -> None:
        self._http, self._project = http, project

    def who(self) -> str:
        found = shape.record(self._http.get("account"), "account")
        return shape.text_of(found, "name") or "unnamed"

    def find(self, mark: str) -> External | None:
        found = shape.record(self._http.get("tickets", mark=mark), "list of tickets")
        tickets = shape.records(found.get("tickets"), "tickets")
        return _ticket(tickets[0]) if tickets else None

    def create(self, title: str, text: str, mark: str) -> External:
        body = {"title": title, "text": text, "mark": mark, "project": self._project}
        return _ticket(shape.record(self._http.ask("POST", "tickets", body), "ticket"))

    def comment(self, id: str, text: str) -> str:
        answer = self._http.ask("POST", f"tickets/{quote(id, safe='')}/comments", {"text": text})
        return shape.identity(shape.record(answer, "comment"), "id", "comment")

    def transition(self, id: str, states: Sequence[str]) -> str:
        reason = "no state there means that"
        for state in states:
            try:
                answer = self._http.ask("PUT", f"tickets/{quote(id, safe='')}/state", {"state": state})
                return shape.text_of(shape.record(answer, "ticket"), "state") or state
            except TrackerRefused as error:
                reason = str(error)
        raise TrackerRefused(reason)

    def read(self, id: str, since: datetime | None) -> External:
        params = {"since": utc_text(since)} if since is not None else {}
        answer = self._http.get(f"tickets/{quote(id, safe='')}", **params)
        return _ticket(shape.record(answer, "ticket"))


def _ticket(found: Mapping[str, Any]) -> External:
    comments = shape.records(found.get("comments", []), "comments")
    return External(
        shape.identity(found, "id", "ticket"),
        shape.text_of(found, "url", 500),
        shape.text_of(found, "state"),
        shape.text_of(found, "title", 200),
        tuple(sorted((_comment(each) for each in comments), key=lambda each: each.at)),
    )


def _comment(found: Mapping[str, Any]) -> Comment:
    author = one_line(shape.text_of(found, "author") or "somebody", 60)
    return Comment(
        shape.identity(found, "id", "comment"),
        shape.moment_of(found, "at"),
        author,
        shape.words(found.get("text")),
    )
