"""A blocked query can be ended from outside: on the server and here, even on a half-open network."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from lexops.errors import TimedOut
from lexops.targets.database import Database
from tests.targets.conftest import SLEEPERS, SLOW, Site
from tests.waiting import PATIENCE, until


def sleepers(site: Site) -> set[int]:
    """Who is in the middle of such a query on the server."""
    assert site.server is not None
    return {id for (id,) in site.server.execute(SLEEPERS[site.kind].replace("%", "%%"))}


class Blocked:
    """A session in the middle of a query that does not end by itself."""

    def __init__(self, site: Site, db: Database) -> None:
        self.db = db
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._ask, daemon=True)
        others = sleepers(site) if site.server else set()
        self._thread.start()
        self.on_server: set[int] = set()
        if site.server:
            self.on_server = until(lambda: sleepers(site) - others, "the query does not begin")
        else:
            time.sleep(0.3)
        assert self._thread.is_alive(), self.error

    def _ask(self) -> None:
        self.db.allow(2 * PATIENCE)
        try:
            self.db.rows(SLOW[self.db.kind])
        except BaseException as error:
            self.error = error

    def abort(self) -> tuple[float, float]:
        """Seconds that `abort` took, and seconds until the query had ended here."""
        started = time.monotonic()
        self.db.abort()
        returned = time.monotonic() - started
        self._thread.join(2 * PATIENCE)
        assert not self._thread.is_alive()
        return returned, time.monotonic() - started


def test_an_abort_ends_the_query_here_and_on_the_server(site: Site) -> None:
    blocked = Blocked(site, site.open())
    returned, ended = blocked.abort()
    assert returned < PATIENCE
    assert ended < PATIENCE
    assert isinstance(blocked.error, TimedOut)
    if site.server is not None:
        until(lambda: not sleepers(site) & blocked.on_server, "it goes on on the server")


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
    through = server_site.url.replace(f":{port}/", f":{proxy.port}/")
    blocked = Blocked(server_site, server_site.open(through))
    proxy.freeze()
    returned, ended = blocked.abort()
    assert returned < PATIENCE
    assert ended < PATIENCE
    assert isinstance(blocked.error, TimedOut)
    started = time.monotonic()
    blocked.db.close()
    assert time.monotonic() - started < PATIENCE
