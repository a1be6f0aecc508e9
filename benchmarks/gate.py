"""What the gate costs per act, against the same change with nothing around it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from uuid import uuid4

from sqlalchemy import insert

from benchmarks.figures import Report, report
from benchmarks.measure import Run, by_turns, timed
from lexops import app
from lexops.clock import SystemClock
from lexops.config import load
from lexops.gate import Gate
from lexops.gate.founding import found
from lexops.operations import Act, Catalogue, Effect, Privacy, Request, operation
from lexops.store import event
from lexops.store.database import Store, open_engine
from lexops.store.event import event_table
from lexops.store.migrate import bring_up_to_date

ROUNDS = 5
ACTS = 100
"""Acts per measured run."""


@operation("bench.note", role=None, effect=Effect.CHANGE)
def note(
    act: Act, *, target: Annotated[str, "of what"], text: Annotated[str, "what", Privacy.PERSONAL]
) -> str:
    """Write a note."""
    event.append(act.connection, act.at, "bench", target)
    return "noted"


def measure() -> Report:
    """An act through the gate, the same with a sealed argument, and a bare transaction."""
    with TemporaryDirectory() as folder:
        gate = _gate(Path(folder))
        runs: dict[str, Run] = {
            "bare transaction": _repeated(lambda: _bare(gate.store)),
            "through the gate": _repeated(lambda: _ask(gate)),
        }
        series = by_turns(runs, ROUNDS)
        gate.store.close()
    return report(
        "gate",
        "one act on LexOps' own records (SQLite, WAL, synchronous FULL)",
        series,
        [("through the gate", "bare transaction")],
        ["Through the gate the policy is asked, an argument sealed, the request and its entry written."],
    )


def _gate(folder: Path) -> Gate:
    (folder / "lexops.toml").write_text('[site]\nname = "Bench"\n')
    store = Store(open_engine("sqlite:///lexops.db", folder))
    bring_up_to_date(store)
    gate = app.open_gate(load(folder / "lexops.toml"), store, SystemClock())
    gate.catalogue = Catalogue([note])
    found(gate, "bench")
    return gate


def _repeated(act: Callable[[], object]) -> Run:
    return lambda: timed(lambda: [act() for _ in range(ACTS)], ACTS)


def _bare(store: Store) -> None:
    with store.begin() as connection:
        row = {"at": SystemClock().now(), "kind": "bench", "subject": "x", "data": {}}
        connection.execute(insert(event_table).values(row))


def _ask(gate: Gate) -> None:
    arguments = {"target": "x", "text": "twenty words of what was found, and what was done about it"}
    gate.submit(Request("bench.note", arguments, "bench", "cli", uuid4().hex))
