"""Trackers on loopback that speak the three dialects. What does not have their shape they refuse, and note.

Shapes are those of the vendors' documentation: Jira's REST API 2, Zammad's REST API, docs/trackers.md.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.servers import HOST
from tests.trackers.board import Board, Said, Ticket

TOKEN = "s3cr3t-t0ken"
USER = "lexops@firm.example"


class Refusal(Exception):
    """A status with the document that says why."""

    def __init__(self, status: int, document: Any = None) -> None:
        super().__init__(status)
        self.status, self.document = status, document


class Server:
    """One tracker. `faults` are taken one for each request: `down`, `lost` (done, but not answered),
    `garbage`, `moved`, `throttled`; when there are none, it works.
    """

    def __init__(self, board: Board) -> None:
        self.board = board
        self.faults: deque[str] = deque()
        self.complaints: list[str] = []
        """Requests that did not have the dialect's shape."""
        self.calls: list[str] = []
        self._server = _HTTP((HOST, 0), _Handler)
        self._server.owner = self
        self.url = f"http://{HOST}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def remove(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(60)

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        raise NotImplementedError

    def authorization(self) -> str:
        raise NotImplementedError

    # What shapes are checked with.

    def need(self, fits: bool, what: str) -> None:
        if not fits:
            self.complaints.append(what)
            raise Refusal(400, {"errorMessages": [what], "errors": {}})

    def keys(self, found: Any, *names: str) -> None:
        self.need(isinstance(found, dict) and set(found) == set(names), f"keys of {found!r}: not {names}")

    def ticket(self, id: str) -> Ticket:
        if id not in self.board.tickets:
            raise Refusal(404, {"errorMessages": ["Issue Does Not Exist"], "error": "No such ticket"})
        return self.board.tickets[id]


class RestServer(Server):
    """The dialect of docs/trackers.md."""

    def authorization(self) -> str:
        return f"Bearer {TOKEN}"

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        match method, path.strip("/").split("/"):
            case "GET", ["account"]:
                return 200, {"name": "bridge"}
            case "GET", ["tickets"]:
                self.need(set(query) == {"mark"}, "query of tickets")
                return 200, {"tickets": [self._show(each) for each in self.board.marked(query["mark"])]}
            case "POST", ["tickets"]:
                self.keys(body, "title", "text", "mark", "project")
                self.need(body["mark"] in body["text"].split(), "the mark is no word of the text")
                return 201, self._show(self.board.create(body["title"], body["text"], body["mark"]))
            case "GET", ["tickets", id]:
                self.need(set(query) <= {"since"}, "query of a ticket")
                since = datetime.fromisoformat(query["since"]) if "since" in query else None
                return 200, self._show(self.ticket(id), since)
            case "POST", ["tickets", id, "comments"]:
                self.keys(body, "text")
                self.ticket(id)
                return 201, {"id": int(self.board.say(id, "lexops", body["text"]).id)}
            case "PUT", ["tickets", id, "state"]:
                self.keys(body, "state")
                if not self.board.can(self.ticket(id).id, body["state"]):
                    raise Refusal(409, {"error": f"no way to {body['state']}"})
                self.ticket(id).state = body["state"]
                return 200, self._show(self.ticket(id))
        self.need(False, f"{method} {path}")
        raise AssertionError

    def _show(self, ticket: Ticket, since: datetime | None = None) -> Any:
        comments = [
            {"id": each.id, "at": each.at.isoformat(), "author": each.author, "text": each.text}
            for each in ticket.said
            if since is None or each.at >= since
        ]
        return {
            "id": ticket.id,
            "url": f"{self.url}/{ticket.id}",
            "state": ticket.state,
            "title": ticket.title,
            "comments": comments,
        }


class JiraServer(Server):
    """Jira. Its `cloud` has /search/jql only, and answers 410 at the former address."""

    cloud = True

    def authorization(self) -> str:
        return "Basic " + base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        self.need(path.startswith("/rest/api/2/"), f"path {path}")
        match method, path.removeprefix("/rest/api/2/").split("/"):
            case "GET", ["myself"]:
                return 200, {"name": "lexops", "displayName": "LexOps"}
            case "POST", ["search"]:
                if self.cloud:
                    raise Refusal(410, {"errorMessages": ["removed"], "errors": {}})
                return self._search(body)
            case "POST", ["search", "jql"]:
                if not self.cloud:
                    raise Refusal(404)
                return self._search(body)
            case "POST", ["issue"]:
                return self._create(body)
            case _, ["issue", key, *rest]:
                return self._of_issue(method, key, rest, query, body)
        self.need(False, f"{method} {path}")
        raise AssertionError

    def _of_issue(
        self, method: str, key: str, rest: list[str], query: dict[str, str], body: Any
    ) -> tuple[int, Any]:
        match method, rest:
            case "GET", []:
                self.need(query == {"fields": "summary,status"}, "query of an issue")
                return 200, self._issue(self.ticket(key))
            case "GET", ["comment"]:
                return self._comments(key, query)
            case "POST", ["comment"]:
                self.keys(body, "body")
                self.ticket(key)
                return 201, self._comment(self.board.say(key, "lexops", body["body"]))
            case "GET", ["transitions"]:
                ways = [
                    {"id": str(n), "name": f"go {state}", "to": {"id": "1", "name": state.upper()}}
                    for n, state in enumerate(self.board.states)
                    if self.board.can(self.ticket(key).id, state)
                ]
                return 200, {"expand": "transitions", "transitions": ways}
            case "POST", ["transitions"]:
                self.keys(body, "transition")
                self.keys(body["transition"], "id")
                self.ticket(key).state = self.board.states[int(body["transition"]["id"])]
                return 204, None
        self.need(False, f"{method} of an issue: {rest}")
        raise AssertionError

    def _search(self, body: Any) -> tuple[int, Any]:
        self.keys(body, "jql", "fields", "maxResults")
        found = re.fullmatch(r'project = "((?:[^"\\]|\\.)*)" AND labels = "lexops-([0-9a-z]+)"', body["jql"])
        self.need(found is not None and found[1] == "OPS", f"jql {body['jql']}")
        assert found is not None
        return 200, {"issues": [self._issue(each) for each in self.board.marked(found[2])], "isLast": True}

    def _create(self, body: Any) -> tuple[int, Any]:
        self.keys(body, "fields")
        fields = body["fields"]
        self.keys(fields, "project", "issuetype", "summary", "description", "labels")
        self.need(fields["project"] == {"key": "OPS"} and fields["issuetype"] == {"name": "Task"}, "project")
        self.need("\n" not in fields["summary"] and 0 < len(fields["summary"]) <= 255, "summary")
        (label,) = fields["labels"]
        self.need(re.fullmatch(r"lexops-[0-9a-z]+", label) is not None, "labels")
        key = f"OPS-{len(self.board.tickets) + 1}"
        self.board.create(fields["summary"], fields["description"], label.removeprefix("lexops-"), key)
        return 201, {"id": "10001", "key": key, "self": f"{self.url}/rest/api/2/issue/10001"}

    def _issue(self, ticket: Ticket) -> Any:
        fields = {"summary": ticket.title, "status": {"id": "3", "name": ticket.state}}
        return {"id": "10001", "key": ticket.id, "fields": fields}

    def _comments(self, key: str, query: dict[str, str]) -> tuple[int, Any]:
        self.need(set(query) == {"startAt", "maxResults", "orderBy"}, "query of comments")
        self.need(query["orderBy"] == "-created", "order of comments")
        said = sorted(self.ticket(key).said, key=lambda each: each.at, reverse=True)
        start, most = int(query["startAt"]), min(int(query["maxResults"]), 100)
        page = [self._comment(each) for each in said[start : start + most]]
        return 200, {"startAt": start, "maxResults": most, "total": len(said), "comments": page}

    def _comment(self, said: Said) -> Any:
        created = said.at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
        author = {"name": "x", "displayName": said.author}
        return {"id": said.id, "author": author, "body": said.text, "created": created}


class ZammadServer(Server):
    """Zammad; its search knows words, and finds whoever quotes them."""

    def authorization(self) -> str:
        return f"Token token={TOKEN}"

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        self.need(path.startswith("/api/v1/"), f"path {path}")
        match method, path.removeprefix("/api/v1/").split("/"):
            case "GET", ["users", "me"]:
                return 200, {"id": 3, "login": "lexops", "email": USER}
            case "GET", ["tickets", "search"]:
                self.need(set(query) == {"query", "limit", "expand"}, "query of the search")
                hits = [each for each in self.board.tickets.values() if self._has(each, query["query"])]
                return 200, [self._show(each) for each in hits[: int(query["limit"])]]
            case "POST", ["tickets"]:
                return self._create(body)
            case "GET", ["tickets", id]:
                self.need(query == {"expand": "true"}, "query of a ticket")
                return 200, self._show(self.ticket(id))
            case "PUT", ["tickets", id]:
                return self._change(id, body)
            case "POST", ["ticket_articles"]:
                self.keys(body, "ticket_id", "body", "content_type", "type", "internal")
                self._article(body)
                self.ticket(str(body["ticket_id"]))
                said = self.board.say(str(body["ticket_id"]), "lexops", body["body"])
                return 201, {"id": int(said.id), "ticket_id": body["ticket_id"]}
            case "GET", ["ticket_articles", "by_ticket", id]:
                ticket = self.ticket(id)
                first = Said(str(int(id)), self.board.at, "first", ticket.text)
                return 200, [self._written(each, id) for each in (first, *ticket.said)]
        self.need(False, f"{method} {path}")
        raise AssertionError

    def _has(self, ticket: Ticket, word: str) -> bool:
        """As a search engine splits words; a comment that quotes it is a hit, too."""
        texts = [ticket.title, ticket.text, *(each.text for each in ticket.said)]
        words = {each for text in texts for each in re.findall(r"[^\W_]+(?:[.:'][^\W_]+)*", text)}
        return word in words and ticket.id not in self.board.hidden

    def _create(self, body: Any) -> tuple[int, Any]:
        self.keys(body, "title", "group", "customer", "article")
        self.keys(body["article"], "subject", "body", "content_type", "type", "internal")
        self._article(body["article"])
        self.need(body["group"] == "Users" and body["customer"] == USER, "group and customer")
        return 201, self._show(self.board.create(body["title"], body["article"]["body"]))

    def _article(self, article: Any) -> None:
        self.need(article["content_type"] == "text/plain" and article["type"] == "note", "article")
        self.need(article["internal"] is False, "article")

    def _change(self, id: str, body: Any) -> tuple[int, Any]:
        pending = body.get("state", "").startswith("pending")
        self.keys(body, "state", *(["pending_time"] if pending else []))
        if not self.board.can(self.ticket(id).id, body["state"]):
            raise Refusal(422, {"error": "No lookup value found", "error_human": "No lookup value found"})
        self.ticket(id).state = body["state"]
        return 200, self._show(self.ticket(id))

    def _show(self, ticket: Ticket) -> Any:
        number = f"22{int(ticket.id):03}"
        return {"id": int(ticket.id), "number": number, "title": ticket.title, "state": ticket.state}

    def _written(self, said: Said, ticket: str) -> Any:
        return {
            "id": int(said.id),
            "ticket_id": int(ticket),
            "from": said.author,
            "body": said.text,
            "content_type": "text/html" if said.html else "text/plain",
            "created_at": said.at.isoformat().replace("+00:00", ".000Z"),
        }


KINDS: dict[str, type[Server]] = {"rest": RestServer, "jira": JiraServer, "zammad": ZammadServer}
SETTINGS = {
    "rest": 'token = { env = "TRACKER" }',
    "jira": f'username = "{USER}"\nproject = "OPS"\ntoken = {{ env = "TRACKER" }}',
    "zammad": f'project = "Users"\ncustomer = "{USER}"\ntoken = {{ env = "TRACKER" }}',
}


@contextmanager
def serving(kind: str) -> Iterator[Server]:
    """A tracker of a kind, for a while. What did not have its shape fails the test at the end."""
    server = KINDS[kind](Board())
    try:
        yield server
    finally:
        server.remove()
    assert server.complaints == []


class _HTTP(ThreadingHTTPServer):
    daemon_threads = True
    owner: Server

    def handle_error(self, request: Any, client_address: Any) -> None:
        """An answer that is lost on purpose is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _HTTP
    protocol_version = "HTTP/1.1"

    def _any(self) -> None:
        owner, parts = self.server.owner, urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        owner.calls.append(f"{self.command} {parts.path}")
        fault = owner.faults.popleft() if owner.faults else ""
        if fault in _BEFORE:
            self._send(*_BEFORE[fault])
            return
        status, document = self._answered(owner, parts.path, parts.query, raw)
        if fault == "lost":
            self.close_connection = True
            self.connection.close()
            return
        self._send(status, b"" if document is None else json.dumps(document).encode())

    def _answered(self, owner: Server, path: str, query: str, raw: bytes) -> tuple[int, Any]:
        if self.headers.get("Authorization") != owner.authorization():
            return 401, {"errorMessages": [f"wrong: {self.headers.get('Authorization')}"]}
        try:
            given = {name: values[-1] for name, values in parse_qs(query).items()}
            return owner.answer(self.command, path, given, json.loads(raw) if raw else None)
        except Refusal as refusal:
            return refusal.status, refusal.document

    do_GET = do_POST = do_PUT = _any

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        for name, value in WITH.get(status, {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        return


_BEFORE = {"down": (503, b""), "garbage": (200, b"<html>"), "moved": (302, b""), "throttled": (429, b"")}
WITH = {429: {"Retry-After": "600"}, 302: {"Location": f"http://{HOST}:1/"}}
"""Headers of a status."""
