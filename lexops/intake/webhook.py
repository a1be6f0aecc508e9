"""Takes alerts in Alertmanager's format over HTTP, on this machine only.

POST /alerts is answered with 200 when what it brought is committed, and not before: Alertmanager tells again
what was not answered, and what is told twice is known by its fingerprint and start. A request is refused with
a reason, an alert that does not fit without the others of its request, and none takes longer than a few
seconds, however slowly it is sent.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from lexops.clock import Clock
from lexops.config import SiteFile
from lexops.errors import InvalidRequest, StoreError
from lexops.intake import alerts, store
from lexops.intake.alertmanager import parse
from lexops.intake.mail import digest
from lexops.intake.model import Delivery, Source
from lexops.store.database import Store
from lexops.text import plural
from lexops.web.server import LocalServer, Reply, Request, Respond

MOST = 1_000_000
"""Bytes of one request."""
PATH = "/alerts"

Take = Callable[[bytes], str]
"""Takes the body of a request and answers in one line. Raises InvalidRequest, or StoreError."""


def server(database: Store, file: SiteFile, time: Clock) -> LocalServer | None:
    """The server that the site's [intake] asks for; None when it asks for none."""
    settings = file.settings.intake
    if settings.webhook is None:
        return None

    def take(body: bytes) -> str:
        at = time.now()
        try:
            delivery = parse(body)
        except InvalidRequest as error:
            with database.begin() as connection:
                _note_refused(connection, body, str(error), at)
            raise
        new = 0
        for portion in alerts.portions(delivery):
            with database.begin() as connection:
                new += alerts.take(connection, file, portion, time.now())
        if delivery.refused:
            with database.begin() as connection:
                _note_refused(connection, body, _refused(delivery), at)
            raise InvalidRequest(f"{_refused(delivery)}; taken: {_taken(delivery, new)}")
        return _taken(delivery, new)

    return alert_server(settings.webhook, take, settings.token.read if settings.token else None)


def _taken(delivery: Delivery, new: int) -> str:
    left_out = f"; {delivery.truncated} were left out by the sender" if delivery.truncated else ""
    return f"{plural(len(delivery.alerts), 'alert')}, {new} new{left_out}"


def _refused(delivery: Delivery) -> str:
    first, *others = delivery.refused
    return f"{first}, and {plural(len(others), 'other')} refused" if others else first


def _note_refused(connection: Connection, body: bytes, reason: str, at: datetime) -> None:
    """Alertmanager does not try again what is refused, and would be the only one to know."""
    id = store.claim(connection, Source.ALERT, digest(body), at)
    if id is not None:
        store.settle(connection, id, refused=reason)


def alert_server(address: str, take: Take, token: Callable[[], str] | None = None) -> LocalServer:
    """Serves POST /alerts; `token` reads what a request has to carry, once at opening."""

    def prepare() -> Respond:
        wanted = token() if token is not None else None
        return lambda request: _answer(request, take, wanted)

    return LocalServer(address, prepare)


def _answer(request: Request, take: Take, token: str | None) -> Reply:
    refused = refusal(request, token)
    if refused is not None:
        return refused
    body = request.read(int(request.headers["Content-Length"]))
    try:
        return Reply(200, f"{take(body)}\n")
    except InvalidRequest as error:
        return Reply(400, f"{error}\n")
    except StoreError:
        return Reply(503, "the store does not answer\n")


def refusal(request: Request, token: str | None) -> Reply | None:
    """What answers a request that is not even read; None for one that is."""
    headers = request.headers
    if request.method != "POST":
        return Reply(405, f"only POST {PATH} is answered\n", headers={"Allow": "POST"})
    if request.path != PATH:
        return Reply(404, f"only {PATH} is here\n")
    given, wanted = headers.get("Authorization", ""), f"Bearer {token}"
    if token is not None and not hmac.compare_digest(given.encode(), wanted.encode()):
        missing = "the token is missing or wrong: Authorization: Bearer …\n"
        return Reply(401, missing, headers={"WWW-Authenticate": "Bearer"})
    # A page in somebody's browser could send any other type here without asking.
    if headers.get_content_type() != "application/json":
        return Reply(415, "the type of the body is not application/json\n")
    length = headers.get("Content-Length", "")
    if not (length.isascii() and length.isdigit()):
        return Reply(411, "the request does not say how long it is\n")
    if len(length) > len(str(MOST)) or int(length) > MOST:
        return Reply(413, f"the body has more than {MOST:,} bytes\n")
    return None
