"""Jira over its REST API, version 2 (Server, Data Center and Cloud).

A ticket is found again by a label, which Jira matches exactly; text is searched by words only. Cloud has
taken /search away in 2025 and answers at /search/jql; Data Center has only the former.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from lexops.trackers import shape
from lexops.trackers.http import Http
from lexops.trackers.model import Comment, External
from lexops.trackers.port import TrackerDown, TrackerRefused

API = "rest/api/2"
TITLE = 255
"""Characters that Jira takes as a summary."""
PAGE = 100
PAGES = 20
"""Pages of comments that are read at once: two thousand comments."""
_FENCE = re.compile(r"\{(?:noformat|code)(?::[^{}\n]*)?\}")


class Jira:
    """Issues of one project."""

    def __init__(self, http: Http, project: str, type: str) -> None:
        self._http, self._project, self._type = http, project, type

    def who(self) -> str:
        found = shape.record(self._http.get(f"{API}/myself"), "account")
        return shape.text_of(found, "displayName") or shape.text_of(found, "name") or "unnamed"

    def find(self, mark: str) -> External | None:
        jql = f'project = "{_quoted(self._project)}" AND labels = "{_quoted(label(mark))}"'
        wanted = {"jql": jql, "fields": ["summary", "status"], "maxResults": 2}
        found = self._http.ask("POST", f"{API}/search/jql", wanted, absent=(404, 405))
        if found is None:
            found = self._http.ask("POST", f"{API}/search", wanted)
        issues = shape.records(shape.record(found, "result").get("issues"), "issues")
        return self._issue(issues[0]) if issues else None

    def create(self, title: str, text: str, mark: str) -> External:
        fields = {
            "project": {"key": self._project},
            "issuetype": {"name": self._type},
            "summary": title[:TITLE],
            "description": _verbatim(text),
            "labels": [label(mark)],
        }
        answer = self._http.ask("POST", f"{API}/issue", {"fields": fields})
        key = shape.identity(shape.record(answer, "issue"), "key", "issue")
        return External(key, self._browse(key), "", title)

    def comment(self, id: str, text: str) -> str:
        answer = self._http.ask("POST", f"{_path(id)}/comment", {"body": _verbatim(text)})
        return shape.identity(shape.record(answer, "comment"), "id", "comment")

    def transition(self, id: str, states: Sequence[str]) -> str:
        answer = shape.record(self._http.get(f"{_path(id)}/transitions"), "list of transitions")
        ways: dict[str, tuple[str, str]] = {}
        for each in shape.records(answer.get("transitions"), "transitions"):
            to = shape.text_of(shape.record(each.get("to"), "transition"), "name")
            ways.setdefault(to.casefold(), (shape.identity(each, "id", "transition"), to))
        for state in states:
            if state.casefold() in ways:
                way, to = ways[state.casefold()]
                self._http.ask("POST", f"{_path(id)}/transitions", {"transition": {"id": way}})
                return to
        known = ", ".join(sorted(to for _, to in ways.values())) or "nowhere"
        raise TrackerRefused(f"its workflow leads from there to {known}, not to {', '.join(states)}")

    def read(self, id: str, since: datetime | None) -> External:
        found = self._http.ask("GET", _path(id), params={"fields": "summary,status"})
        return self._issue(shape.record(found, "issue"), self._comments(id, since))

    def _comments(self, id: str, since: datetime | None) -> tuple[Comment, ...]:
        """The newest first, page by page, until one is older than what is wanted."""
        found = dict[str, Comment]()
        for page in range(PAGES):
            got = self._http.get(
                f"{_path(id)}/comment", startAt=page * PAGE, maxResults=PAGE, orderBy="-created"
            )
            answer = shape.record(got, "list of comments")
            comments = [_comment(each) for each in shape.records(answer.get("comments"), "comments")]
            found |= {each.id: each for each in comments}
            total = answer.get("total")
            is_last = not comments or (isinstance(total, int) and (page + 1) * PAGE >= total)
            if is_last or (since is not None and min(each.at for each in comments) < since):
                break
        return tuple(sorted(found.values(), key=lambda each: each.at))

    def _issue(self, found: Mapping[str, Any], comments: tuple[Comment, ...] = ()) -> External:
        fields = shape.record(found.get("fields"), "fields of an issue")
        status = shape.record(fields.get("status"), "status of an issue")
        key = shape.identity(found, "key", "issue")
        state = shape.text_of(status, "name")
        if not state:
            raise TrackerDown("its answer holds no name of a status")
        return External(key, self._browse(key), state, shape.text_of(fields, "summary", 200), comments)

    def _browse(self, key: str) -> str:
        return f"{self._http.url}/browse/{quote(key, safe='')}"


def label(mark: str) -> str:
    """The label by which an issue is found again."""
    return f"lexops-{mark}"


def _path(id: str) -> str:
    return f"{API}/issue/{quote(id, safe='')}"


def _quoted(text: str) -> str:
    """Within a text of JQL."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _verbatim(text: str) -> str:
    """Text in which Jira sees no markup: no mentions, no links, no images."""
    return "{noformat}\n" + _FENCE.sub(lambda fence: fence[0].replace("{", "{ "), text) + "\n{noformat}"


def _comment(found: Mapping[str, Any]) -> Comment:
    author = found.get("author")
    name = shape.text_of(author, "displayName", 60) if isinstance(author, dict) else ""
    body = found.get("body")
    return Comment(
        shape.identity(found, "id", "comment"),
        shape.moment_of(found, "created"),
        name or "somebody",
        shape.words(_FENCE.sub("", body) if isinstance(body, str) else ""),
    )
