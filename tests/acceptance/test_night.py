"""A night: a database stops, one person is told, takes it in the console, and sleeps on once it is back.

Everything is real: the database, the store on PostgreSQL, two workers, the phones (web services on loopback),
the console on a terminal.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from lexops import app
from lexops.auth.identity import Session
from lexops.escalation import store as escalations
from lexops.escalation.model import Escalation
from lexops.escalation.model import State as Course
from lexops.incidents import store as incidents
from lexops.incidents.model import Incident, State
from lexops.site import Site
from tests import servers
from tests.cli.commands import lexops
from tests.outbox.receivers import WebServer
from tests.servers import DatabaseServer, site_url
from tests.servers.ssh import new_ssh_key
from tests.stores import store_database
from tests.terminal import Terminal
from tests.waiting import until

LONGEST = 90.0
"""Seconds that anything may take here."""
SECOND_RUNG = 10 * LONGEST
"""Seconds after which the second person is told, unless somebody has taken it: it is taken before that."""

SITE = """
[site]
name = "Night & Partners"

[store]
url = "{store}"

[policy]
production = {{}}

[targets.billing-db]
kind = "postgresql"
url = "{target}"

[checks."postgresql.availability"]
every = "2s"
timeout = "15s"
attempts = 2

[checks."postgresql.unsafe-settings"]
enabled = false  # they are: this server is made to be quick

[notify]
bundle = "1s"

[channels.ana-phone]
kind = "webhook"
url = "{phones}/ana"

[channels.bo-phone]
kind = "webhook"
url = "{phones}/bo"
"""


@dataclass
class Night:
    """A firm with a rota of two, one database and their phones."""

    folder: Path
    server: DatabaseServer
    phones: WebServer

    def site(self, who: str | None = None) -> Site:
        session = Session(who, "account", f"{who}'s") if who else None
        return app.open_site(self.folder / "lexops.toml", session=session)

    def rings(self, who: str) -> list[str]:
        """What somebody's phone was told, in words."""
        return [asked.json["text"] for asked in self.phones.asked if asked.path == f"/{who}"]

    def outages(self) -> list[Incident]:
        """What was opened because the database does not answer; a server has other troubles, too."""
        site = self.site()
        with site.store.read() as connection:
            found = incidents.incidents(connection, include_resolved=True)
        site.store.close()
        return [each for each in found if each.check == "postgresql.availability"]

    def states(self) -> list[State]:
        return [each.state for each in self.outages()]

    def taken(self) -> Escalation | None:
        """How far the escalation of the outage has come, once it knows that somebody has taken it."""
        (outage,), site = self.outages(), self.site()
        with site.store.read() as connection:
            found = escalations.escalation(connection, outage.id)
        site.store.close()
        return found if found is not None and found.state is Course.TAKEN else None


@pytest.fixture
def night(tmp_path: Path, postgresql: DatabaseServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Night]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LEXOPS_LOG", str(tmp_path / "log"))
    with ExitStack() as stack:
        server = servers.start_postgresql()
        stack.callback(server.remove)
        phones = stack.enter_context(WebServer())
        text = SITE.format(
            store=store_database(postgresql), target=site_url(server.database()), phones=phones.url
        )
        (tmp_path / "lexops.toml").write_text(text)
        yield Night(tmp_path, server, phones)


def prepared(night: Night) -> None:
    """People, contacts, a rota and a policy, entered by the operations that people use."""
    site = night.site()
    for name, role in (("ana", "administrator"), ("bo", "manager")):
        key = new_ssh_key(night.folder / f"{name}.key")
        site.submit("operator.add", {"name": name, "role": role, "key": key}, "cli")
    ana, bo = night.site("ana"), night.site("bo")
    ana.submit("contact.set", {"contacts": "ana-phone"}, "cli")
    bo.submit("contact.set", {"contacts": "bo-phone"}, "cli")
    week = {"rota": "dba", "layer": "week", "people": "ana, bo", "turn": "weekly", "reason": "first rota"}
    today = site.clock.now().strftime("%Y-%m-%dT00:00")
    bo.submit("oncall.layer", week | {"start": today}, "cli")
    steps = f"0s rota:dba; {SECOND_RUNG:g}s operator:bo"
    policy = {"name": "night", "steps": steps, "priority": "P2", "reason": "first policy"}
    ana.submit("escalation.set", policy, "cli")
    for each in (site, ana, bo):
        each.store.close()


def worker(night: Night) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "lexops", "worker", "--site", str(night.folder)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_a_database_stops_at_night(night: Night) -> None:
    prepared(night)
    workers = [worker(night) for _ in range(2)]
    try:
        until(lambda: lexops(night.folder, "status").returncode == 0, "the database is seen", LONGEST, 0.2)
        with Terminal([sys.executable, "-m", "lexops", "--site", str(night.folder)]) as console:
            console.wait("billing-db")
            night.server.stop()
            until(lambda: night.rings("ana"), "ana's phone rings", LONGEST, 0.2)
            (page,) = night.rings("ana")
            (outage,) = night.outages()
            assert "billing-db" in page and f"#{outage.id}" in page
            console.type("3")
            console.wait("INCIDENTS", f"#{outage.id} ", outage.title[:20])
            console.type("a")
            console.wait("acknowledged")
            until(lambda: night.states() == [State.ACKNOWLEDGED], "it is taken", LONGEST, 0.2)
            console.type("q")
        taken = until(night.taken, "the second rung stays due", LONGEST, 0.2)
        assert taken.due is None
        assert night.rings("ana") == [page]
        assert night.rings("bo") == []

        night.server.start()
        until(lambda: night.states() == [State.RESOLVED], "recovery resolves it", LONGEST, 0.2)
        until(lambda: len(night.rings("ana")) == 2, "ana is told", LONGEST, 0.2)
        assert night.rings("bo") == []
    finally:
        for each in workers:
            each.terminate()
        for each in workers:
            each.wait(60)

    told = json.loads(lexops(night.folder, "incident", "explain", str(outage.id), "--json").stdout)
    assert "ana" in json.dumps(told)
    report = lexops(night.folder, "incident", "report", str(outage.id))
    assert report.returncode == 0, report.stderr
    for words in ("# ", "billing-db", "acknowledge", "ana"):
        assert words in report.stdout
    assert lexops(night.folder, "audit", "verify").returncode == 0
