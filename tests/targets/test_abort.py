"""A blocked query can be ended from outside: on the server and here, even on a half-open network."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from lexops.errors import TimedOut
from lexops.targets.database import Database
from tests.targets.conftest import SLEEPERS, SLOW, Site


def _wait(until: Callable[[], object], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not until():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


class Blocked:
    """A session in the middle of a query that does not end by itself."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()
        time.sleep(0.3)
        assert self._thread.is_alive(), self.error

    def _ask(self) -> None:
        self.db.allow(20)
        try:
            self.db.rows(SLOW[self.db.kind])
        except BaseException as error:
            self.error = error

    def abort(self) -> tuple[float, float]:
        """Seconds that `abort` took, and seconds until the query had ended here."""
        started = time.monotonic()
        self.db.abort()
        returned = time.monotonic() - started
        self._thread.join(10)
        assert not self._thread.is_alive()
        return returned, time.monotonic() - started


def test_an_abort_ends_the_query_here_and_on_the_server(site: Site) -> None:
    blocked = Blocked(site.open())
    if site.server is not None:
        assert len(site.server.execute(SLEEPERS[site.kind].replace("%", "%%"))) == 1
    returned, ended = blocked.abort()
    assert returned < 0.1
    assert ended < 1
    assert isinstance(blocked.error, TimedOut)
    if site.server is not None:
        server = site.server
        assert _wait(lambda: not server.execute(SLEEPERS[site.kind].replace("%", "%%")), 2)


def test_an_aborted_session_is_over(site: Site) -> None:
    db = site.open()
    db.abort()
    assert not db.is_alive()
    with pytest.raises(TimedOut, match="took too long"):
        db.rows("SELECT 1")


def test_an_abort_ends_a_query_on_a_half_open_network(server_site: Site, half_open_proxy: Any) -> None:
    assert server_site.server is not None
    port = server_site.server.port
    proxy = half_open_proxy(port)
    blocked = Blocked(server_site.open(server_site.url.replace(f":{port}/", f":{proxy.port}/")))
    proxy.freeze()
    returned, ended = blocked.abort()
    assert returned < 0.1
    assert ended < 1
    assert isinstance(blocked.error, TimedOut)
    started = time.monotonic()
    blocked.db.close()
    assert time.monotonic() - started < 0.5
