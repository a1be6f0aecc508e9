"""Seeing a real pile-up, and ending it through the gate, on PostgreSQL and on MariaDB."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lexops.activity.model import Activity, Session, blocking_tree
from lexops.activity.read import OURS
from lexops.activity.watch import look_once, watch
from lexops.audit import verify as verification
from lexops.audit.verdict import Verdict
from lexops.errors import Denied, Refused, Unreachable
from lexops.gate import store as requests
from lexops.gate.model import ConfirmationNeeded, SecondFactorNeeded, State
from lexops.operations import Doing
from lexops.store.database import Store
from tests.activity.conftest import Made
from tests.activity.pileup import (
    SECRET,
    WAITERS,
    PileUp,
    mariadb_pile_up,
    postgresql_pile_up,
)
from tests.clock import START
from tests.gates import World, site_file
from tests.servers import DatabaseServer
from tests.servers.databases import (
    give_blind_mariadb_role,
    give_blind_role,
    give_mariadb_role,
    give_role,
)
from tests.waiting import until

INNODB_RENEWS = 0.3
"""InnoDB answers about locks from a copy, which it renews only when nobody has read it for 0.1 s."""
CONNECTION_ADMIN = "GRANT CONNECTION ADMIN ON *.* TO lexops_monitor@'%%'"


@dataclass
class Place:
    """A database in which sessions pile up, and how LexOps logs in there."""

    kind: str
    server: DatabaseServer
    url: str
    """As the application logs in."""
    ours: str
    """As LexOps does."""

    @contextmanager
    def piled_up(self) -> Iterator[PileUp]:
        piled = postgresql_pile_up if self.kind == "postgresql" else mariadb_pile_up
        with piled(self.url) as pile:
            yield pile


@pytest.fixture(params=["postgresql", "mariadb"])
def place(request: pytest.FixtureRequest) -> Place:
    """The application's account is no superuser; LexOps' own may end its sessions."""
    server: DatabaseServer = request.getfixturevalue(request.param)
    url = server.database()
    name = url.rpartition("/")[2]
    if request.param == "postgresql":
        if not server.execute("SELECT FROM pg_roles WHERE rolname = 'billing'"):
            server.execute("CREATE ROLE billing LOGIN")
        server.execute(
            f"GRANT ALL ON DATABASE {name} TO billing", "GRANT ALL ON SCHEMA public TO billing", url=url
        )
        ours = give_role(server, url)
        server.execute("GRANT pg_signal_backend TO lexops_monitor")
        return Place("postgresql", server, server.url(name, "billing"), ours)
    server.execute("CREATE USER IF NOT EXISTS billing@'%%'", f"GRANT ALL ON {name}.* TO billing@'%%'")
    ours = give_mariadb_role(server, name)
    server.execute(CONNECTION_ADMIN)
    return Place("mariadb", server, server.url(name, "billing"), ours)


def pile_of(world: World, pile: PileUp) -> Activity:
    """What LexOps sees when all of them wait."""

    def seen() -> Activity | None:
        activity = look_once(world.gate.file, "db")
        return activity if len(blocking_tree(here(activity))) == WAITERS + 1 else None

    return until(seen, "the pile-up is not seen", pause=INNODB_RENEWS)


def here(activity: Activity) -> list[Session]:
    return [each for each in activity.sessions if each.role == "billing"]


def test_a_pile_up_is_seen_with_its_root_first_and_no_client_data(place: Place, site: Made) -> None:
    world = site(place.kind, place.ours)
    with place.piled_up() as pile:
        activity = pile_of(world, pile)
        root, *waiting = blocking_tree(here(activity))
        assert (root.session.pid, root.depth, root.behind) == (pile.root, 0, WAITERS)
        assert root.session.state == "idle in transaction" and not root.session.is_active
        assert all(branch.depth > 0 and branch.session.waits is not None for branch in waiting)
        assert all("matter" in branch.session.lock for branch in waiting)
        assert all(branch.session.is_active for branch in waiting)
        assert "UPDATE matter SET title = ?" in waiting[0].session.statement
        assert SECRET not in repr(activity) and "Erika" not in repr(activity)
        if place.kind == "postgresql":
            assert root.session.program == "billing portal" and root.session.client == "127.0.0.1"


def terminate(world: World, session: Session, **more: object) -> str:
    arguments = {"target": "db", "pid": session.pid, "started": session.started}
    return world.submit("ana", "session.terminate", **arguments, **more)


def test_the_root_is_terminated_through_the_gate_and_the_pile_up_resolves(
    place: Place, site: Made, store: Store
) -> None:
    world = site(place.kind, place.ours)
    with place.piled_up() as pile:
        root = blocking_tree(here(pile_of(world, pile)))[0].session
        with pytest.raises(SecondFactorNeeded) as needed:
            terminate(world, root)
        plan = " ".join(needed.value.preview.plan)
        for named in (str(root.pid), "billing", root.program, root.started):
            assert named in plan
        world.prove("ana")
        with pytest.raises(ConfirmationNeeded):
            terminate(world, root)
        assert "waits for the approval" in terminate(world, root, confirmed="db")
        assert not any(outcome == "done" for outcome in pile.outcomes)
        agreed(world, store)
        world.work()
        assert pile.resolved() and pile.outcomes == ["done"] * WAITERS
    with store.read() as connection:
        (request,) = [
            each
            for each in requests.views(connection, world.gate.keyring)
            if each.operation == "session.terminate"
        ]
    assert request.state is State.DONE and request.target == "db"
    assert f"terminated session {root.pid} of billing" in request.steps[0].said
    assert "session.terminated" in world.kinds()
    world.gate.sealer.seal()
    assert verification.verify(store, keyring=world.gate.keyring).verdict is Verdict.INTACT
    assert {"requested", "begun", "step", "done"} <= set(world.entries())
    assert SECRET not in everything(store)


def agreed(world: World, store: Store) -> None:
    """Bo approves what waits."""
    with store.read() as connection:
        request = next(
            each for each in requests.views(connection, world.gate.keyring) if each.state is State.WAITING
        )
    world.prove("bo", "change:production")
    world.submit("bo", "approval.grant", request=request.id, hash=request.hash)


def everything(store: Store) -> str:
    """All that the store holds, as text."""
    from lexops import app

    with store.read() as connection:
        return "\n".join(
            str(row)
            for table in app.store_metadata().sorted_tables
            for row in connection.execute(table.select())
        )


def test_a_statement_is_cancelled_and_its_session_stays(place: Place, site: Made) -> None:
    world = site(place.kind, place.ours)
    with place.piled_up() as pile:
        waiting = blocking_tree(here(pile_of(world, pile)))[1].session
        answer = world.submit(
            "sam",
            "session.cancel",
            target="db",
            pid=waiting.pid,
            started=waiting.started,
            statement=waiting.statement_started,
        )
        assert "with the worker" in answer
        world.work()
        outcome = until(lambda: pile.outcomes)
        assert outcome[0].startswith("failed") and len(outcome) == 1
        assert here(look_once(world.gate.file, "db"))  # the others still wait


def test_an_idle_session_has_no_statement_to_cancel(place: Place, site: Made) -> None:
    world = site(place.kind, place.ours)
    with place.piled_up() as pile:
        root = blocking_tree(here(pile_of(world, pile)))[0].session
        with pytest.raises(Refused, match="no longer runs"):
            world.submit(
                "sam",
                "session.cancel",
                target="db",
                pid=root.pid,
                started=root.started,
                statement=root.statement_started or "1",
            )


def test_a_number_that_belongs_to_another_session_by_now_is_left_alone(place: Place, site: Made) -> None:
    world = site(place.kind, place.ours)
    with place.piled_up() as pile:
        root = blocking_tree(here(pile_of(world, pile)))[0].session
        other = "2020-01-01T00:00:00.000000Z" if place.kind == "postgresql" else "12345 127.0.0.1:1"
        world.prove("ana")
        for name, more in (("session.terminate", {}), ("session.cancel", {"statement": "1"})):
            with pytest.raises(Refused, match="may be another one by now"):
                world.submit("ana", name, target="db", pid=root.pid, started=other, confirmed="db", **more)
        # The same at the server itself, should the number change hands after that look.
        if place.kind == "postgresql":
            from lexops.targets.connect import connect

            db: Any = connect(world.gate.file, "db")
            assert db.terminate(root.pid, other) is False
            assert db.cancel(root.pid, root.started, "2020-01-01T00:00:00.000000Z") is False
            db.close()
        assert not pile.outcomes


def test_sessions_of_lexops_and_of_the_server_are_left_alone(place: Place, site: Made) -> None:
    world = site(place.kind, place.ours)
    watching = watch(world.gate.file, "db")
    watching.look()
    activity = look_once(world.gate.file, "db")
    ours = next(each for each in activity.sessions if each.role == "lexops_monitor")
    assert ours.keep.startswith(OURS)
    world.prove("ana")
    with pytest.raises(Refused, match="left alone"):
        terminate(world, ours, confirmed="db")
    watching.rest()


def test_the_grant_that_is_missing_is_named(place: Place, site: Made) -> None:
    world = site(place.kind, place.ours)
    place.server.execute(
        "REVOKE pg_signal_backend FROM lexops_monitor"
        if place.kind == "postgresql"
        else "REVOKE CONNECTION ADMIN ON *.* FROM lexops_monitor@'%%'"
    )
    with place.piled_up() as pile:
        activity = pile_of(world, pile)
        assert "to end sessions: GRANT" in activity.grant
        root = blocking_tree(here(activity))[0].session
        world.prove("ana")
        with pytest.raises(Denied) as denied:
            terminate(world, root, confirmed="db")
        assert "GRANT" in denied.value.hint and "lexops_monitor" in denied.value.hint


def test_the_session_of_a_superuser_is_left_to_superusers(postgresql: DatabaseServer, site: Made) -> None:
    import psycopg

    url = postgresql.database()
    world = site("postgresql", give_role(postgresql, url))
    postgresql.execute("GRANT pg_signal_backend TO lexops_monitor")
    with psycopg.connect(url.replace("+psycopg", ""), application_name="psql") as theirs:
        pid = theirs.info.backend_pid
        session = look_once(world.gate.file, "db").find(pid)
        assert session
        world.prove("ana")
        with pytest.raises(Denied, match="superuser"):
            terminate(world, session, confirmed="db")
        assert theirs.execute("SELECT 1").fetchone() == (1,)


def test_it_waits_a_little_for_one_of_the_few_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lexops.activity import operations

    told = iter([Unreachable('too many connections for role "lexops_monitor"'), Unreachable("refused")])

    def connect(*_: object) -> None:
        raise next(told)

    monkeypatch.setattr(operations, "_PAUSES", (0.0, 0.0))
    monkeypatch.setattr(operations, "connect", connect)
    with pytest.raises(Unreachable, match="refused"):
        operations._connected(Doing("key", START, site_file(tmp_path)), "wall")
    assert next(told, None) is None


def test_a_blind_role_is_told_the_grant_and_shown_no_empty_list(place: Place, site: Made) -> None:
    if place.kind == "postgresql":
        blind, grant = give_blind_role(place.server, place.url), "GRANT pg_monitor TO lexops_blind"
    else:
        blind, grant = give_blind_mariadb_role(place.server), "GRANT PROCESS ON *.* TO"
    activity = look_once(site(place.kind, blind).gate.file, "db")
    assert "sees only its own sessions" in activity.unseen and grant in activity.grant


def test_an_interrupted_step_looks_whether_it_was_done(place: Place, site: Made) -> None:
    from lexops.activity.operations import cancel_statement, terminate_session

    world = site(place.kind, place.ours)
    doing = Doing("key", world.clock.now(), world.gate.file)
    with place.piled_up() as pile:
        root, first = (branch.session for branch in blocking_tree(here(pile_of(world, pile)))[:2])
        end = {"target": "db", "pid": root.pid, "started": root.started}
        stop = {
            "target": "db",
            "pid": first.pid,
            "started": first.started,
            "statement": first.statement_started,
        }
        assert terminate_session.interrupted(doing, **end) == "rerun"  # type: ignore[operator]
        assert cancel_statement.interrupted(doing, **stop) == "rerun"  # type: ignore[operator]
        terminate_session._body(doing, **end)
        assert pile.resolved()
        until(lambda: terminate_session.interrupted(doing, **end) == "done")  # type: ignore[operator]
        assert cancel_statement.interrupted(doing, **stop) == "done"  # type: ignore[operator]


def test_a_watch_keeps_one_connection_and_gives_it_back(place: Place, site: Made) -> None:
    world = site(place.kind, place.ours)
    watching = watch(world.gate.file, "db")

    def own() -> set[int]:
        if place.kind == "postgresql":
            sql = "SELECT pid FROM pg_stat_activity WHERE usename = 'lexops_monitor'"
        else:
            sql = "SELECT id FROM information_schema.PROCESSLIST WHERE USER = 'lexops_monitor'"
        return {id for (id,) in place.server.execute(sql)}

    before = own()
    for _ in range(3):
        watching.look()
    assert len(own() - before) == 1
    watching.close()
    until(lambda: not own() - before)
    with pytest.raises(Unreachable):
        watching.look()


def test_who_has_a_sqlite_file_open_is_told(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "wall.db").execute("CREATE TABLE t (a)").connection.close()
    file = site_file(tmp_path)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM t');"
            "print('open', flush=True); sys.stdin.read()",
            str(tmp_path / "wall.db"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout and holder.stdout.readline() == b"open\n"
        activity = look_once(file, "wall")
        (session,) = activity.sessions
        assert session.pid == holder.pid and "no sessions" in session.keep
    finally:
        holder.communicate()
