"""What telling a rung costs, against claiming a row: a thousand are due at once, and two workers do them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Column, Connection, Integer, Table, func, insert, select, update

from benchmarks.figures import Report, Sample, report
from benchmarks.measure import Run, by_turns, timed
from lexops.auth import store as people
from lexops.checks.model import Status
from lexops.config import SiteFile, load
from lexops.escalation import notation
from lexops.escalation import store as escalations
from lexops.escalation.model import Policy
from lexops.escalation.tables import told_table
from lexops.escalation.watch import escalate
from lexops.incidents import store as incidents
from lexops.operations import Role
from lexops.outbox import store as outbox
from lexops.outbox.model import Contact, Recipient
from lexops.privacy.keyring import Keyring
from lexops.store.database import Store, metadata, open_engine
from lexops.store.migrate import bring_up_to_date

ROUNDS = 3
DUE = 1_000
"""Rungs that are due at once."""
WORKERS = 2
SITE = """
[site]
name = "Bench"
[channels.room]
kind = "webhook"
url = "https://room.example/"
"""


@dataclass
class _Time:
    """Moved by hand: an hour for each run, in which one rung of every incident falls due."""

    at: datetime = datetime(2026, 3, 2, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


def measure() -> Report:
    """A thousand due rungs told by two workers; and as many rows claimed by two, a transaction each."""
    with TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "lexops.toml").write_text(SITE)
        stores = [Store(open_engine("sqlite:///lexops.db", folder)) for _ in range(WORKERS)]
        bring_up_to_date(stores[0])
        file, time = load(folder / "lexops.toml"), _Time()
        _fill(stores[0], folder, time.now())
        runs: dict[str, Run] = {
            "rungs told": lambda: _told(stores, file, time),
            "rows claimed": lambda: _claimed(stores),
            "a look, nothing due": lambda: timed(lambda: _look(stores[0], file, time), 100),
        }
        series = by_turns(runs, ROUNDS)
        for store in stores:
            store.close()
    return report(
        "escalation",
        f"{DUE:,} rungs that are due at once, {WORKERS} workers (SQLite, WAL, synchronous FULL)",
        series,
        [("rungs told", "rows claimed")],
        [
            "Telling a rung locks the incident, asks who is meant and reachable, and writes the claim, the",
            "message, a line of the timeline and its event, and how far it has come. Times are of one rung.",
        ],
    )


_bench = Table(
    "bench_claim", metadata, Column("id", Integer, primary_key=True), Column("turn", Integer, nullable=False)
)


def _fill(store: Store, folder: Path, now: datetime) -> None:
    keyring = Keyring(folder / "keys")
    ana = Recipient.parse("operator:ana")
    with store.begin() as connection:
        people.add(connection, keyring, "ana", Role.SUPPORT, now)
        outbox.set_contacts(connection, ana, [Contact(ana, 0, "room", "")], now)
        policy = Policy("bench", notation.steps("; ".join(["1h operator:ana"] * 20)))
        escalations.add(connection, policy, at=now, operator="ana", reason="bench")
        for number in range(DUE):
            incidents.open_by_hand(connection, f"{number}", "Slow", Status.CRITICAL, now, "ana", None)
        _bench.create(connection)
        connection.execute(insert(_bench), [{"id": number, "turn": 0} for number in range(DUE)])


def _at_once(stores: list[Store], act: Callable[[Store], object]) -> Callable[[], object]:
    def all_of_them() -> None:
        with ThreadPoolExecutor(len(stores)) as pool:
            for done in [pool.submit(act, store) for store in stores]:
                done.result()

    return all_of_them


def _told(stores: list[Store], file: SiteFile, time: _Time) -> Sample:
    escalate(stores[0], file, time)  # the first time they begin; nothing is due then
    before = _count(stores[0])
    time.at += timedelta(hours=1)
    sample = timed(_at_once(stores, lambda store: escalate(store, file, time)), DUE)
    if _count(stores[0]) - before != DUE:
        raise RuntimeError(f"{_count(stores[0]) - before} rungs were told instead of {DUE}")
    return sample


def _count(store: Store) -> int:
    with store.read() as connection:
        return connection.scalar(select(func.count()).select_from(told_table)) or 0


def _claimed(stores: list[Store]) -> Sample:
    with stores[0].read() as connection:
        turn = connection.scalar(select(func.min(_bench.c.turn))) or 0

    def claim(store: Store) -> None:
        for number in range(DUE):
            with store.begin() as connection:
                _claim(connection, number, turn)

    return timed(_at_once(stores, claim), DUE)


def _claim(connection: Connection, number: int, turn: int) -> None:
    mine = (_bench.c.id == number, _bench.c.turn == turn)
    connection.execute(update(_bench).where(*mine).values(turn=turn + 1))


def _look(store: Store, file: SiteFile, time: _Time) -> None:
    for _ in range(100):
        escalate(store, file, time)
