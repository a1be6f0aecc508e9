"""Gates for tests: a real store and record, a few people, and operations with nothing behind them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from uuid import uuid4

from lexops.audit.keys import SealingKeys
from lexops.audit.sealing import Sealer
from lexops.audit.trail import Trail
from lexops.auth import factors, totp
from lexops.auth import store as people
from lexops.auth.identity import Session
from lexops.config import SiteFile, parse
from lexops.errors import InvalidRequest, QueryFailed
from lexops.gate import Gate
from lexops.gate.operations import OPERATIONS as REQUESTS
from lexops.gate.runs import Runs
from lexops.gate.stepup import StepUps
from lexops.incidents.store import alarm
from lexops.operations import (
    Act,
    Catalogue,
    Doing,
    Effect,
    Interrupted,
    Operation,
    Privacy,
    Request,
    Role,
    operation,
    step,
)
from lexops.privacy.keyring import Keyring
from lexops.store import event
from lexops.store.database import Store
from tests.clock import ManualClock

SITE = """
[site]
name = "Test & Partners"
[targets.wall]
kind = "sqlite"
url = "sqlite:///wall.db"
environment = "{environment}"
"""
PEOPLE = {
    "ana": Role.ADMINISTRATOR,
    "bo": Role.ADMINISTRATOR,
    "mia": Role.MANAGER,
    "sam": Role.SUPPORT,
    "aud": Role.AUDITOR,
}
SECRET = bytes(range(20))


@operation("wall.paint", role=Role.SUPPORT, effect=Effect.CHANGE)
def paint(
    act: Act,
    *,
    target: Annotated[str, "name of the wall"],
    colour: Annotated[str, "which"] = "red",
    note: Annotated[str | None, "why", Privacy.PERSONAL] = None,
) -> str:
    """Paint a wall."""
    event.append(act.connection, act.at, "painted", f"{target} {colour}")
    if note == "fail":
        raise InvalidRequest("the paint is out")
    return f"{target} is {colour}"


@operation("wall.tear-down", role=Role.ADMINISTRATOR, effect=Effect.DESTROY)
def tear_down(act: Act, *, target: Annotated[str, "name of the wall"]) -> str:
    """Tear a wall down."""
    event.append(act.connection, act.at, "torn-down", target)
    return f"{target} is gone"


def _journal(doing: Doing) -> Path:
    return doing.file.folder / "journal.txt"


def did(folder: Path) -> list[str]:
    """What the steps have done to the world, in order."""
    path = folder / "journal.txt"
    return path.read_text().split() if path.exists() else []


def _plan(doing: Doing, *, target: str, fail: str | None) -> list[str]:
    extra = doing.file.folder / "plan.txt"
    return [
        f"tear {target} down",
        "build it again",
        *(extra.read_text().split("\n") if extra.exists() else ()),
    ]


@step(interrupted=Interrupted.RERUN)
def clear(doing: Doing, *, target: str, fail: str | None) -> str:
    """Clear the place"""
    return _write(doing, "clear", fail)


def _is_built(doing: Doing, *, target: str, fail: str | None) -> Interrupted:
    if "build" in did(doing.file.folder):
        return Interrupted.DONE
    return Interrupted.ASK if fail == "ask" else Interrupted.RERUN


@step(interrupted=_is_built)
def build(doing: Doing, *, target: str, fail: str | None) -> str:
    """Build the wall"""
    return _write(doing, "build", fail)


def _write(doing: Doing, word: str, fail: str | None) -> str:
    if fail == word:
        raise QueryFailed(f"could not {word}")
    with _journal(doing).open("a") as file:
        file.write(f"{word}\n")
    doing.say(f"{word}: half way")
    return f"{word} is done"


@operation("wall.rebuild", role=Role.ADMINISTRATOR, effect=Effect.DESTROY, plan=_plan, steps=(clear, build))
def rebuild(
    act: Act,
    *,
    target: Annotated[str, "name of the wall"],
    fail: Annotated[str | None, "where to fail"] = None,
) -> str:
    """Rebuild a wall."""
    event.append(act.connection, act.at, "rebuilt", target)
    return f"{target} is new"


def site_file(folder: Path, environment: str = "production", **policy: object) -> SiteFile:
    import tomllib

    document = tomllib.loads(SITE.format(environment=environment))
    if policy:
        document["policy"] = json.loads(json.dumps(policy, default=str))
    path = folder / "lexops.toml"
    return SiteFile(path=path, settings=parse(document, path))


@dataclass
class World:
    """A gate with everything around it."""

    gate: Gate
    store: Store
    clock: ManualClock
    folder: Path
    runs: Runs
    step_ups: StepUps

    def request(self, who: str, name: str, /, **arguments: object) -> Request:
        known = {"key", "door", "confirmed", "break_glass", "read_only", "fingerprint", "session"}
        special = {k: arguments.pop(k) for k in list(arguments) if k in known}
        special.setdefault("key", uuid4().hex)
        special.setdefault("door", "cli")
        special.setdefault("session", f"{who}'s")
        return Request(name, arguments, who, **special)  # type: ignore[arg-type]

    def submit(self, who: str, name: str, /, **arguments: object) -> str:
        return str(self.gate.submit(self.request(who, name, **arguments)))

    def prove(self, who: str, scope: str = "destroy:production") -> str:
        """Give a code; the clock moves on, since none is accepted twice."""
        self.clock.advance(seconds=60)
        code = totp.code_of(SECRET, totp.step_at(self.clock.now()))
        return self.step_ups.with_code(session(who), scope, code)

    def id_of(self, who: str) -> str:
        with self.store.read() as connection:
            return people.get(connection, who).id

    def entries(self) -> list[str]:
        """Kinds of the entries on the record, in order."""
        from sqlalchemy import select

        from lexops.audit.store import entry_table

        with self.store.read() as connection:
            return list(connection.scalars(select(entry_table.c.kind).order_by(entry_table.c.id)))

    def kinds(self) -> list[str]:
        """Kinds of the events, in order."""
        with self.store.read() as connection:
            return [found.kind for found in event.after(connection, 0)]

    def work(self) -> None:
        """Do what is released, as an engine would, in this process."""
        for job in self.runs.released():
            self.runs.taken(job.key, job.attempt, "w")
            if all(self._step(job.key, n) for n in range(job.first, job.steps)):
                self.runs.finish(job.key)

    def _step(self, key: str, number: int) -> bool:
        self.runs.intend(key, number, "boot")
        return self.runs.perform(key, number, interrupted=False)


@dataclass
class Place:
    """A site behind its gate, and how its tests ask it and move its clock."""

    world: World

    @property
    def file(self) -> SiteFile:
        return self.world.gate.file

    @property
    def store(self) -> Store:
        return self.world.store

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    def wait(self, **span: float) -> None:
        self.world.clock.advance(**span)


def _wait(clock: ManualClock, seconds: float) -> None:
    clock.advance(seconds=seconds)


def session(who: str) -> Session:
    return Session(who, "account", f"{who}'s")


def world(
    store: Store,
    folder: Path,
    *,
    environment: str = "production",
    operations: Iterable[Operation] = (paint, tear_down, rebuild),
    enrol: bool = True,
    **policy: object,
) -> World:
    """A gate over `store` with the people of PEOPLE, all of them with an authenticator."""
    clock = ManualClock()
    keyring = Keyring(folder / "keys")
    file = site_file(folder, environment, **policy)
    sealer = Sealer(store, SealingKeys(folder / "keys"), clock, lambda seconds: _wait(clock, seconds))
    catalogue = Catalogue([*operations, *REQUESTS])
    gate = Gate(catalogue, store, clock, file, keyring, Trail(keyring, uuid4().hex), sealer, alarm)
    with store.begin() as connection:
        for name, role in PEOPLE.items():
            person = people.add(connection, keyring, name, role, clock.now() - timedelta(days=1))
            if enrol:
                code = totp.code_of(SECRET, totp.step_at(clock.now()))
                factors.enrol_totp(connection, keyring, person.id, SECRET, code, [], clock.now())
    return World(gate, store, clock, folder, Runs(gate), StepUps(gate))
