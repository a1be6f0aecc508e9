"""A server that takes what crash reports are sent to, and shows every byte of it."""

from __future__ import annotations

import gzip
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

KEY = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Received:
    """One request, unpacked."""

    path: str
    headers: str
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        """The event of the envelope; fails when there is anything besides one event."""
        head, item, body, rest = self.body.split(b"\n")
        assert rest == b""
        assert json.loads(item) == {"type": "event", "content_type": "application/json", "length": len(body)}
        event: dict[str, Any] = json.loads(body)
        assert json.loads(head) == {"event_id": event["event_id"]}
        return event


class Receiver:
    """Answers with `status` and `location`, once `may_answer` is set."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.status = 200
        self.location = ""
        self.may_answer = threading.Event()
        self.may_answer.set()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def dsn(self) -> str:
        return f"http://{KEY}@127.0.0.1:{self.port}/42"

    def close(self) -> None:
        self.may_answer.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(60)


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    try:
        yield receiver
    finally:
        receiver.close()


def _handler(owner: Receiver) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            packing = self.headers.get("Content-Encoding", "identity")
            # What this cannot unpack, the tests could not look into.
            assert packing in ("identity", "gzip")
            unpacked = gzip.decompress(body) if packing == "gzip" else body
            owner.received.append(Received(self.path, str(self.headers), unpacked))
            owner.may_answer.wait(120)
            self.send_response(owner.status)
            if owner.location:
                self.send_header("Location", owner.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    return Handler
