"""A firm's bad year in minutes: random alerts, people, silences, outages and crashes against the real store.

    python -m tests.escalation.simulation --events 1000000 --seed 1

Everything is the real code: incidents, the escalation chore of two workers, the outbox's dispatcher; only the
channel keeps what it carries. The clock is moved by hand. Workers are killed at the borders of transactions
and between a send and its record, do their turns inside each other's, and the store is away at times. What a
policy owes is counted here a second time, from what was done to each incident and not from what LexOps kept
of it, and compared all the time.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Connection, Engine, QueuePool, delete, event, func, select
from sqlalchemy.exc import OperationalError

from lexops.checks import asked
from lexops.checks.model import Status
from lexops.checks.tables import downtime_table
from lexops.errors import LexOpsError, StoreError
from lexops.escalation import store as escalations
from lexops.escalation import turning
from lexops.escalation.model import State
from lexops.escalation.scene import scene
from lexops.escalation.tables import escalation_table, told_table
from lexops.escalation.watch import escalate
from lexops.incidents import store as incidents
from lexops.incidents.following import follow
from lexops.incidents.model import EntryKind, Incident
from lexops.incidents.model import State as Standing
from lexops.incidents.policy import of_site
from lexops.incidents.tables import entry_table, incident_table
from lexops.outbox import store as outbox
from lexops.outbox.channels import Proof
from lexops.outbox.dispatch import Dispatcher
from lexops.outbox.model import Message
from lexops.outbox.model import State as Delivery
from lexops.outbox.rendering import Rendered
from lexops.outbox.tables import message_table
from lexops.store.database import Store
from lexops.store.event import event_table
from tests.clock import ManualClock
from tests.escalation.firm import Firm, Wire, firm, hard_change
from tests.stores import copy_store

EPOCH = 3_000
"""Events after which a world is brought to its end, and a new one begins."""
LOOKS = 0.25
"""So much of what happens is a worker's look."""
CHECKS = [(target, f"check-{number}") for target in ("billing-db", "portal") for number in range(6)]
PEOPLE = ("ana", "bo", "sam")
PAGES = ("page", "page-again", "breach")
STEPS = "0m rota:dba; 5m operator:bo, operator:ana; 15m level management role:manager"
AFTER = (0, 300, 900)
"""Seconds before each rung of every policy here."""
SETTLED = timedelta(hours=12)
"""By then every ladder is climbed and every message delivered or given up."""


class Killed(BaseException):
    """A worker has died: nothing of it goes on."""


class Shaky(Store):
    """A store near which workers die, others come in between, and which is away at times."""

    def __init__(self, engine: Engine, random: Random) -> None:
        super().__init__(engine)
        self.random = random
        self.is_away = False
        self.kills = 0.0
        """How likely a worker dies at each border of a transaction."""
        self.between: Callable[[], None] = lambda: None
        """What others do before a transaction begins."""

    @contextmanager
    def read(self) -> Iterator[Connection]:
        self._reach()
        with super().read() as connection:
            yield connection

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        self.between()
        self._reach()
        with super().begin() as connection:
            yield connection
            if self.random.random() < self.kills:
                raise Killed  # before the commit: nothing of it has happened
        if self.random.random() < self.kills:
            raise Killed  # after it: all of it has

    def _reach(self) -> None:
        if self.is_away:
            raise StoreError("the store is away") from OperationalError("", None, Exception("away"))


@dataclass
class Line(Wire):
    """The channel; a worker may die right after it has taken something."""

    sim: Simulation | None = None

    def send(self, rendered: Rendered, address: str, key: str) -> Proof:
        proof = super().send(rendered, address, key)
        assert self.sim is not None
        self.sim.carried(address, rendered.messages)
        return proof


@dataclass
class Course:
    """What was done to an incident, as far as it decides what is owed."""

    untaken: datetime | None
    """Since when somebody has to be told, without anything in the way; None: nobody has to be."""
    taken: datetime | None = None
    noticed: datetime | None = None
    """When a worker looked for the first time since then."""
    least: datetime | None = None
    """Nothing is owed as if it had been noticed before: the clock had come so far before it was set."""
    seen: tuple[Any, ...] = ()


@dataclass
class Tally:
    """What came of a run."""

    events: int = 0
    looks: int = 0
    pages: int = 0
    rungs: int = 0
    kills: int = 0
    exhausted: int = 0
    doubled: int = 0
    """Sent again after a worker died between a send and its record."""
    problems: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        for name in ("events", "looks", "pages", "rungs", "kills", "exhausted", "doubled"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.problems += other.problems


class Simulation:
    """One world, from an empty store to its end."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = Random(seed)
        self.tally = Tally()
        copy_store(folder)
        self.store = Shaky(_quick(folder), self.random)
        self.firm: Firm = firm(self.store, folder, '[notify]\nattempts = 2\nlast_resort = ["room"]\n')
        self.clock: ManualClock = self.firm.world.clock
        self.line = Line(self.clock, retry=True, sim=self)
        self.courses: dict[int, Course] = {}
        self.silent: set[str] = set()
        self.failing: dict[tuple[str, str], Status] = {}
        self.sends: Counter[tuple[str, str]] = Counter()
        self.crashed: set[int] = set()
        """Messages that were sent by a worker that died before it could write so."""
        self.last_look = self.clock.now()
        self.longest = timedelta()
        self.seen = 0
        self.depth = 0
        self.workers = [self._dispatcher(name) for name in ("one", "two")]
        self._set_up()
        self.store.between = self._between
        self.acts: list[tuple[int, Callable[[], None]]] = [
            (30, self._fail), (22, self._recover), (14, self._acknowledge), (8, self._note),
            (5, self._release), (4, self._classify), (4, self._assign), (4, self._pause), (6, self._resume),
            (8, self._resolve),
            (4, self._reopen), (4, self._ask), (3, self._silence), (2, self._outage), (2, self._override),
            (2, self._unreachable), (3, self._breach), (1, self._jump), (2, self._away), (10, self._open),
        ]  # fmt: skip
        self.choices = [act for _, act in self.acts]
        self.weights = [weight for weight, _ in self.acts]

    def _set_up(self) -> None:
        self.firm.rota("ana", "bo", "sam")
        self.firm.policy("dba", STEPS, repeat=1, fallback="channel:room", remind="2h", release="30m")
        self.firm.policy("urgent", STEPS, repeat=2, priority="P1", then="dba")
        self.firm.policy(
            "portal", STEPS.replace("rota:dba", "owner, operator:sam"), repeat=0, target="portal"
        )
        self.policy = of_site(self.firm.file.settings)

    def _dispatcher(self, name: str) -> Dispatcher:
        file = self.firm.file
        return Dispatcher(
            self.store, file, self.clock, name, threads=0, opener=lambda _settings, _file: self.line
        )

    # Going on.

    def run(self, events: int) -> Tally:
        for _ in range(events):
            self.clock.advance(seconds=self.random.expovariate(1 / 20) + 0.001)
            self.tally.events += 1
            if self.random.random() < LOOKS:
                self._look()
            else:
                self.random.choices(self.choices, self.weights)[0]()
        self._settle()
        return self.tally

    def _settle(self) -> None:
        """Everything works again; then nobody does anything until all that is owed was told."""
        self.store.is_away, self.store.kills = False, 0.0
        self.line.broken.clear()
        for person in (*PEOPLE, "mia"):
            self.firm.contact(f"operator:{person}", person)
        self.silent.clear()
        with self.store.begin() as connection:
            for target in ("portal", "billing-db"):
                asked.end_downtimes(connection, target, self.clock.now(), silence=True)
        ends = self.clock.now() + SETTLED
        while self.clock.now() < ends:
            self.clock.advance(seconds=5)
            self._look(certain=True)
            following = self._next_due()
            if following is None:
                break
            self.clock.advance(seconds=max(0.0, (following - self.clock.now()).total_seconds()))
        self._check_end()

    def _next_due(self) -> datetime | None:
        """When something is to be done next, but for asking owners for ever."""
        with Store.read(self.store) as connection:
            columns, waits = escalation_table.c, message_table.c.state == Delivery.WAITING.value
            running = columns.state.in_((State.RUNNING.value, State.OVER.value))
            dues = (
                connection.scalar(select(func.min(columns.due)).where(running)),
                connection.scalar(select(func.min(message_table.c.due)).where(waits)),
            )
            sending = message_table.c.state == Delivery.SENDING.value
            claimed = connection.scalar(select(func.max(message_table.c.claimed_until)).where(sending))
        return min(filter(None, (*dues, claimed)), default=None)

    def _look(self, certain: bool = False) -> None:
        """Both workers, one after the other or inside each other; one of them may die."""
        self.tally.looks += 1
        first = self.random.randrange(2)
        self.store.kills = 0.0 if certain else self.random.choice((0.0, 0.0, 0.0, 0.02))
        both = self.random.random() < 0.3
        done = [self._work(number) for number in ((first, 1 - first) if both else (first,))]
        self.store.kills = 0.0
        if any(done):
            now = self.clock.now()
            self.longest = max(self.longest, now - self.last_look)
            self.last_look = now
            self._check_owed()

    def _work(self, number: int) -> bool:
        """A turn of one worker; whether its escalation was looked through to the end."""
        looked = False
        try:
            escalate(self.store, self.firm.file, self.clock)
            looked = True
            self.workers[number].turn()
        except StoreError:
            assert self.store.is_away, "the store works"
        except Killed:
            self.tally.kills += 1
            with Store.read(self.store) as connection:
                on_its_way = outbox.messages(connection, states=[Delivery.SENDING], limit=None)
            self.crashed |= {each.id for each in on_its_way}
            self.workers[number] = self._dispatcher("one" if number == 0 else "two")
        self._see()
        return looked

    def _between(self) -> None:
        """Sometimes, before a worker's transaction, the other one does all of its turn, or a person acts."""
        if self.store.kills == 0 or self.depth or self.random.random() > 0.2:
            return
        self.depth, kills, self.store.kills = 1, self.store.kills, 0.0
        try:
            if self.random.random() < 0.5:
                escalate(self.store, self.firm.file, self.clock)
                self._see()
            else:
                self._acknowledge()
        except StoreError:
            assert self.store.is_away
        finally:
            self.depth, self.store.kills = 0, kills

    def carried(self, address: str, messages: tuple[Message, ...]) -> None:
        """Something went out: it must still have been wanted, and only once."""
        now = self.clock.now()
        for each in messages:
            known = (each.key, address)
            self.sends[known] += 1
            if each.template in PAGES:
                self.tally.pages += 1
                taken = self.courses[int(each.values["incident"])].taken
                if taken is not None and each.created < taken:
                    self._problem(f"{each.key} was sent {now}, though it was taken {taken}")
            if self.sends[known] > 1:
                self.tally.doubled += 1
                if each.id not in self.crashed:
                    self._problem(f"{each.key} went to {address} twice")
        if self.store.kills and self.random.random() < 0.05:
            raise Killed

    def _problem(self, what: str) -> None:
        self.tally.problems.append(f"{self.tally.events}: {what}")

    # What is done.

    def _act(self, act: Callable[[Connection, datetime], object]) -> bool:
        """An act of a person or a check, which the store takes while it is there; whether it did."""
        kills, self.store.kills = self.store.kills, 0.0
        try:
            with self.store.begin() as connection:
                act(connection, self.clock.now())
        except LexOpsError:
            return False  # it is not allowed as things stand, or the store is away
        finally:
            self.store.kills = kills
        self._see()
        return True

    def _see(self) -> None:
        """How incidents stand after what was done: from when on somebody has to be told of them."""
        now = self.clock.now()
        with Store.read(self.store) as connection:
            entries = entry_table.c
            new = connection.execute(
                select(entries.incident, func.max(entries.id))
                .where(entries.id > self.seen)
                .group_by(entries.incident)
            ).all()
            if new:
                self.seen = max(newest for _, newest in new)
                ids = [incident for incident, _ in new]
                for row in connection.execute(select(incident_table).where(incident_table.c.id.in_(ids))):
                    self._saw(row, now)

    def _saw(self, row: Any, now: datetime) -> None:
        course = self.courses.setdefault(row.id, Course(None))
        held = row.parent is not None or (row.check is not None and row.target in self.silent)
        seen = (row.state, row.severity, row.priority, held, row.resolved)
        if seen == course.seen:
            return
        course.seen = seen
        owed = row.state == Standing.OPEN.value and not held
        course.untaken, course.noticed = (now if owed else None), None
        over = row.state != Standing.OPEN.value
        if not over:
            course.taken = None
        elif course.taken is None:
            course.taken = now

    def _some(self, *states: Standing) -> int | None:
        """Any incident in one of the states."""
        wanted = [state.value for state in states]
        known = [id for id, each in self.courses.items() if each.seen and each.seen[0] in wanted]
        return self.random.choice(known[-40:]) if known else None

    def _fail(self) -> None:
        pair = self.random.choice(CHECKS)
        before = self.failing.get(pair)
        after = self.random.choice((Status.WARNING, Status.CRITICAL, Status.CRITICAL, Status.UNKNOWN))
        self._become(pair, before or Status.OK, after)

    def _recover(self) -> None:
        if self.failing:
            pair = self.random.choice(sorted(self.failing))
            self._become(pair, self.failing[pair], Status.OK)

    def _become(self, pair: tuple[str, str], before: Status, after: Status) -> None:
        hard = hard_change(*pair, before, after, self.clock.now())
        if self._act(lambda connection, _: follow(connection, [hard], self.policy)):
            self.failing[pair] = after
            if not after.is_problem:
                del self.failing[pair]

    def _open(self) -> None:
        level = self.random.choice((Status.WARNING, Status.CRITICAL))
        facts = {"priority": self.random.choice(("P1", "P2", "P3"))}
        key = f"{self.random.random()}"
        self._act(
            lambda connection, now: incidents.open_by_hand(
                connection, key, "It is slow", level, now, "sam", None, **facts
            )
        )

    def _with(self, act: Callable[[Connection, int, datetime], object], *states: Standing) -> None:
        id = self._some(*states)
        if id is not None:
            self._act(lambda connection, now: act(connection, id, now))

    def _acknowledge(self) -> None:
        who = self.random.choice(PEOPLE)
        self._with(lambda c, id, now: incidents.acknowledge(c, id, now, who), Standing.OPEN)

    def _note(self) -> None:
        self._with(lambda c, id, now: incidents.note(c, id, now, "bo", "looking"), Standing.ACKNOWLEDGED)

    def _release(self) -> None:
        self._with(lambda c, id, now: incidents.release(c, id, now, "bo", "home"), Standing.ACKNOWLEDGED)

    def _classify(self) -> None:
        facts = {"priority": self.random.choice(("P1", "P2", "P3", "P4"))}
        states = (Standing.OPEN, Standing.ACKNOWLEDGED)
        self._with(lambda c, id, now: incidents.classify(c, id, now, "sam", facts, ""), *states)

    def _assign(self) -> None:
        who = self.random.choice(PEOPLE)
        self._with(lambda c, id, now: incidents.assign(c, id, now, "mia", who), Standing.OPEN)

    def _pause(self) -> None:
        self._with(lambda c, id, now: incidents.pause(c, id, now, "bo", "client", now), Standing.ACKNOWLEDGED)

    def _resume(self) -> None:
        self._with(lambda c, id, now: incidents.resume(c, id, now, "bo", "on", now), Standing.WAITING)

    def _resolve(self) -> None:
        states = (Standing.OPEN, Standing.ACKNOWLEDGED)
        self._with(lambda c, id, now: incidents.resolve(c, id, now, "bo", "mended"), *states)

    def _reopen(self) -> None:
        self._with(lambda c, id, now: incidents.reopen(c, id, now, "sam", "again"), Standing.RESOLVED)

    def _ask(self) -> None:
        def act(connection: Connection, id: int, now: datetime) -> None:
            turning.escalate(scene(connection, self.firm.file, now), id, "sam", "help")
            self.courses[id].noticed = None  # an exhausted one begins anew

        self._with(act, Standing.OPEN, Standing.ACKNOWLEDGED)

    def _silence(self) -> None:
        target = self.random.choice(("portal", "billing-db"))

        def act(connection: Connection, now: datetime) -> None:
            if target in self.silent:  # gone altogether: the clock may be set back to before its end
                connection.execute(delete(downtime_table).where(downtime_table.c.target == target))
            else:
                span = timedelta(days=300)
                asked.add_downtime(connection, target, None, span, "ana", "work", now, silence=True)

        if self._act(act):
            self.silent ^= {target}
            self._see_all()

    def _see_all(self) -> None:
        now = self.clock.now()
        with Store.read(self.store) as connection:
            for row in connection.execute(select(incident_table).where(incident_table.c.resolved.is_(None))):
                self._saw(row, now)

    def _outage(self) -> None:
        self.line.broken ^= {self.random.choice((*PEOPLE, "mia", "room", "*"))}

    def _unreachable(self) -> None:
        person = self.random.choice(PEOPLE)
        if not self.store.is_away:
            self.firm.contact(f"operator:{person}", *((person,) if self.random.random() < 0.7 else ()))

    def _override(self) -> None:
        if not self.store.is_away:
            self.firm.override(self.random.choice((*PEOPLE, "")), hours=self.random.randint(1, 6))

    def _breach(self) -> None:
        id = self._some(Standing.OPEN, Standing.ACKNOWLEDGED)
        if id is not None and not self.store.is_away:
            kind = self.random.choice((escalations.WARNING, escalations.BREACH))
            self.firm.say(kind, f"#{id} resolution", round=1, percent=100 if kind.endswith("breach") else 75)

    def _jump(self) -> None:
        """The clock is set: what was due waits, or is due at once; nothing is lost by it."""
        span = timedelta(seconds=self.random.randint(-1800, 1800))
        now = self.clock.now()
        self.clock.jump(now + span)
        self.last_look += span
        if span < timedelta():
            self.longest = max(self.longest, -span)
        for each in self.courses.values():
            each.least = max(now, now + span, each.least or now)
            each.noticed = each.noticed and max(each.noticed, each.least)
            if each.taken is not None:  # what is put from now on was put after it
                each.taken = min(each.taken, now + span)

    def _away(self) -> None:
        self.store.is_away = not self.store.is_away and self.random.random() < 0.5

    # What is owed.

    def _check_owed(self) -> None:
        """Whatever is open, untaken and not held for long enough has had its rungs, or shows why not."""
        now = self.clock.now()
        with Store.read(self.store) as connection:
            query = select(
                escalation_table.c.incident, escalation_table.c.state, escalation_table.c.generation
            )
            kept = {row.incident: row for row in connection.execute(query)}
            place = (told_table.c.incident, told_table.c.generation)
            counted = connection.execute(select(*place, func.count()).group_by(*place))
            counts = {(incident, generation): count for incident, generation, count in counted}
            for id, course in self.courses.items():
                if course.untaken is None:
                    continue
                course.noticed = course.noticed or max(now, course.least or now)
                owed, total = 0, 0
                for after in AFTER:
                    total += after
                    owed += course.noticed + timedelta(seconds=total) <= now
                row = kept.get(id)
                if row is None or row.state in (State.OVER.value, State.TAKEN.value, State.HELD.value):
                    self._problem(f"#{id} is open since {course.untaken}, and nobody is told: {row}")
                    continue
                told = counts.get((id, row.generation), 0)
                if told < owed and row.state != State.EXHAUSTED.value:
                    self._problem(f"#{id}: {told} rungs were told, {owed} are owed since {course.noticed}")

    def _check_end(self) -> None:
        """At the end every incident has ended, is somebody's or held, or is shown as nobody's."""
        self._see_all()
        with Store.read(self.store) as connection:
            states, _ = escalations.escalations(connection)
            for incident in incidents.incidents(connection):
                self._check_one(incident, states[incident.id].state if incident.id in states else None)
            shown = {row.subject for row in connection.execute(_events(escalations.EXHAUSTED))}
            failed = {row.subject for row in connection.execute(_events(outbox.FAILED))}
            for id, each in states.items():
                if each.state is State.EXHAUSTED:
                    self.tally.exhausted += 1
                    if f"#{id}" not in shown:
                        self._problem(f"#{id} is exhausted, and nobody is shown that")
            for message in outbox.messages(connection, limit=None):
                if not message.state.is_over:
                    self._problem(f"{message.key} is {message.state} at the end")
                if message.state is Delivery.FAILED and message.subject not in failed:
                    self._problem(f"{message.key} has failed, and nobody is shown that")
            self._check_rungs(connection)

    def _check_one(self, incident: Incident, state: State | None) -> None:
        wanted = {
            Standing.OPEN: (State.EXHAUSTED, State.HELD) if incident.parent else (State.EXHAUSTED,),
            Standing.ACKNOWLEDGED: (State.TAKEN,),
            Standing.WAITING: (State.TAKEN,),
        }[incident.state]
        if state not in wanted:
            self._problem(f"#{incident.id} is {incident.state}, its escalation {state}")

    def _check_rungs(self, connection: Connection) -> None:
        """Every person that a rung names has a message of this rung, or of a higher one told with it."""
        keys = {each.key for each in outbox.messages(connection, limit=None)}
        rows = connection.execute(select(told_table)).all()
        together: dict[tuple[int, int, datetime], list[Any]] = {}
        for row in rows:
            self.tally.rungs += 1
            together.setdefault((row.incident, row.generation, row.at), []).append(row)
        for group in together.values():
            for row in group:
                for name in row.recipients:
                    wanted = {
                        f"escalation/{row.incident}/{row.generation}/{each.round}/{each.step}/{name}"
                        for each in group
                    }
                    if len(wanted & keys) != 1:
                        self._problem(f"{sorted(wanted)}: {len(wanted & keys)} messages")
        events = Counter(
            tuple(entry.data[part] for part in ("generation", "round", "step"))
            for id in {row.incident for row in rows}
            for entry in incidents.entries_of(connection, id, (EntryKind.TOLD,))
            if "step" in entry.data
        )
        if events.total() != len(rows):
            self._problem(f"{len(rows)} rungs were told, and timelines tell of {events.total()}")


def _events(kind: str) -> Any:
    return select(event_table.c.subject).where(event_table.c.kind == kind)


def _quick(folder: Path) -> Engine:
    """The store's engine without the waits for a disk, and with connections that are used again."""
    from lexops.store.database import open_engine

    engine = open_engine("sqlite:///lexops.db", folder)
    pool = QueuePool(engine.pool._creator, pool_size=4)

    @event.listens_for(pool, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=OFF", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    engine.pool = pool
    return engine


def simulate(events: int, seed: int, folder: Path | None = None) -> Tally:
    """So many events, in as many worlds as that takes."""
    total = Tally()
    memory = Path("/dev/shm")
    while total.events < events:
        root = folder or (memory if memory.is_dir() else None)
        with tempfile.TemporaryDirectory(dir=root) as place:
            world = Simulation(seed, Path(place))
            total.add(world.run(min(EPOCH, events - total.events)))
            world.store.close()
        total.problems = [
            each if each.startswith("seed") else f"seed {seed}, event {each}" for each in total.problems
        ]
        seed += 1
    return total


def _collect_less_often() -> None:
    """Statements are built and dropped by the thousand: looking for cycles among them takes a tenth."""
    gc.set_threshold(100_000, 20, 20)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="so many processes, each with its part")
    chosen = parser.parse_args()
    began = time.perf_counter()
    worlds = range(0, chosen.events, EPOCH)
    sizes = [min(EPOCH, chosen.events - start) for start in worlds]
    found = Tally()
    with ProcessPoolExecutor(chosen.jobs, initializer=_collect_less_often) as pool:
        for tally in pool.map(simulate, sizes, itertools.count(chosen.seed)):
            found.add(tally)
            for problem in tally.problems[:3]:
                sys.stdout.write(f"{problem}\n")
            sys.stdout.flush()
    took = time.perf_counter() - began
    counts = ", ".join(
        f"{getattr(found, name):,} {name}"
        for name in ("events", "looks", "rungs", "pages", "kills", "doubled", "exhausted")
    )
    sys.stdout.write(f"{counts}; {took:.1f} s, {found.events / took:,.0f} events/s\n")
    sys.exit(1 if found.problems else 0)


if __name__ == "__main__":
    main()
