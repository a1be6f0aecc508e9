"""Durable runs behind a port: the engine drives them, the performer (our store) knows the truth about them.

A run is a row of our store; the engine checkpoints how far it is, brings it back after a crash and lets one
lane do one run at a time. One generic workflow serves every operation, so a new release of LexOps never
strands a run that an old one began: its version is fixed, and what is done is the performer's to know.

Durable means at least once. A step whose process died in the middle comes again, marked as interrupted.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import thread as pool
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from lexops.clock import utc_text
from lexops.errors import StoreError
from lexops.worker.engine import SCHEMA, Json, Place, connect, shut, traps
from lexops.worker.interpreter import Interpreter
from lexops.worker.performer import Job, Performer

VERSION = "lexops-run/1"
"""The interpreter's; it changes only when the order of its steps does."""
WORKFLOW = "lexops.run"
QUEUE = "runs"
AT_ONCE = 8
"""Runs that one worker drives at the same time."""
SPARE_THREADS = 8
"""Threads of the engine besides those that drive runs."""
POLL = 0.5
"""Seconds between two looks of the engine at its queue."""
GRACE = 5.0
"""Seconds that a step under way has when the worker leaves; what takes longer is interrupted."""

UNFINISHED = ["ENQUEUED", "PENDING"]
ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]

T = TypeVar("T")


class Durable:
    """The engine, started. One per process."""

    def __init__(self, place: Place, worker: str, performer: Performer, at_once: int = AT_ONCE) -> None:
        """Start it under the worker's name. Raises StoreError when its database cannot be used."""
        global _open
        if _open is not None:
            raise RuntimeError("the engine is open already")
        self._worker = worker
        self._performer = performer
        self._interpreter = Interpreter(performer)
        self._lost: set[str] = set()
        self._engine = connect(place)
        _open = self
        try:
            self._dbos = _launch(self._engine, place, worker, at_once)
        except Exception as error:
            self._drop()
            raise StoreError(f"the runs' database does not work: {type(error).__name__}") from error

    def start(self, job: Job) -> None:
        """Give a run to the engine; the same attempt is only ever begun once."""
        from dbos import SetEnqueueOptions, SetWorkflowID

        lane = job.lane or job.key
        with SetWorkflowID(f"{job.key}.{job.attempt}"), SetEnqueueOptions(queue_partition_key=lane):
            self._dbos.enqueue_workflow(QUEUE, _workflow(), job.key, job.attempt, job.steps, job.first)

    def dispatch(self) -> int:
        """Start what the performer has released; answers how many. Raises StoreError.

        A lane's next run follows when its last has ended: so their order is the store's and not the
        engine's, which on SQLite sorts whole seconds.
        """
        # Before looking at the lanes: what another worker takes meanwhile is seen there.
        jobs = self._performer.released()
        busy = self._ask(lambda: {w.queue_partition_key for w in self._list(UNFINISHED)}) if jobs else set()
        started = 0
        for job in jobs:
            lane = job.lane or job.key
            if lane not in busy:
                busy.add(lane)
                self._ask(lambda job=job: self.start(job))  # type: ignore[misc]
                self._performer.taken(job.key, job.attempt, self._worker)
                started += 1
        return started

    def active(self) -> frozenset[str]:
        """The keys of the runs that have not ended. Raises StoreError."""
        return frozenset(_key(w.workflow_id) for w in self._ask(lambda: self._list(UNFINISHED)))

    def busy(self) -> bool:
        """Whether runs wait, or this worker drives some. Raises StoreError."""
        runs = self._ask(lambda: self._list(UNFINISHED))
        return any(w.status == "ENQUEUED" or w.executor_id == self._worker for w in runs)

    def cancel(self, key: str) -> None:
        """End a run before its next step; the step under way is not disturbed. Raises StoreError."""
        mine = [
            w.workflow_id for w in self._ask(lambda: self._list(UNFINISHED)) if _key(w.workflow_id) == key
        ]
        if mine:
            self._ask(lambda: self._dbos.cancel_workflows(mine))

    def owners(self) -> frozenset[str]:
        """The workers, dead or alive, under whose names runs are under way. Raises StoreError."""
        return frozenset(w.executor_id for w in self._ask(lambda: self._list("PENDING")) if w.executor_id)

    def take_over(self, dead: Iterable[str]) -> list[str]:
        """Bring back the runs of workers that are gone, through the queue; answers their keys.

        Call it only while holding what proves them dead: one that lives would do its step twice.
        Raises StoreError.
        """
        names = set(dead) - {self._worker}
        runs = self._ask(lambda: self._list("PENDING")) if names else []
        ids = [w.workflow_id for w in runs if w.executor_id in names]
        if ids:
            self._ask(lambda: self._dbos.resume_workflows(ids, queue_name=QUEUE))
        return [_key(id) for id in ids]

    def mend(self) -> list[str]:
        """Bring back runs of this worker that no thread drives any more (its disk was full, say).

        One is only believed lost when two calls in a row find it so. Raises StoreError.
        """
        mine = {
            w.workflow_id for w in self._ask(lambda: self._list("PENDING")) if w.executor_id == self._worker
        }
        lost = mine - self._interpreter.running
        ids = sorted(lost & self._lost)
        if ids:
            self._ask(lambda: self._dbos.resume_workflows(ids, queue_name=QUEUE))
        self._lost = lost - set(ids)
        return [_key(id) for id in ids]

    def purge(self, before: datetime) -> int:
        """Forget the runs that ended before a moment; answers how many. Raises StoreError."""
        old = self._ask(lambda: self._list(ENDED, completed_before=utc_text(before), limit=500))
        if old:
            self._ask(lambda: self._dbos.delete_workflows([w.workflow_id for w in old]))
        return len(old)

    def close(self, grace: float = GRACE) -> bool:
        """Leave; what is under way goes on in the next worker. False when a step was still acting."""
        self._interpreter.leave(grace)
        self._dbos.destroy()
        _let_go()
        self._drop()
        return not self._interpreter.is_acting

    def _drop(self) -> None:
        global _open
        _open = None
        shut(self._engine)

    def _list(self, status: str | list[str], **more: Any) -> list[Any]:
        found = self._dbos.list_workflows(
            status=status, name=WORKFLOW, load_input=False, load_output=False, **more
        )
        return list(found)

    def _ask(self, question: Callable[[], T]) -> T:
        try:
            return question()
        except SQLAlchemyError as error:
            raise StoreError(f"the runs' database does not work: {type(error).__name__}") from error

    def carry_out(self, key: str, attempt: int, steps: int, first: int) -> str:
        """The body of the workflow."""
        return self._interpreter.run(self._checkpoint, key, attempt, steps, first)

    def _checkpoint(self, name: str, act: Callable[..., Any], *values: object) -> Any:
        return self._dbos.run_step({"name": name}, act, *values)


_open: Durable | None = None
"""The one that is open: the engine knows its workflow by name only."""


def _interpret(key: str, attempt: int, steps: int, first: int) -> str:
    assert _open is not None
    return _open.carry_out(key, attempt, steps, first)


def _key(run: str) -> str:
    return run.rpartition(".")[0]


@cache
def _workflow() -> Any:
    """The one workflow, registered once per process."""
    from dbos import DBOS

    return DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)(_interpret)


def _launch(engine: Engine, place: Place, worker: str, at_once: int) -> Any:
    for name in traps(os.environ):
        del os.environ[name]
    quiet = logging.getLogger("dbos")
    quiet.addHandler(logging.NullHandler())
    quiet.propagate = False  # its messages quote errors, and errors may quote data
    from dbos import DBOS, DBOSConfig

    config: DBOSConfig = {
        "name": "lexops",
        "system_database_url": place.url.render_as_string(hide_password=False),
        "system_database_engine": engine,
        "dbos_system_schema": SCHEMA,
        "serializer": _serializer(),
        "application_version": VERSION,
        "executor_id": worker,
        "log_level": "CRITICAL",
        "enable_otlp": False,
        "use_listen_notify": False,
        "notification_listener_polling_interval_sec": POLL,
        "max_executor_threads": at_once + SPARE_THREADS,
    }
    _workflow()
    DBOS(config=config)
    try:
        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=at_once,
            partition_concurrency=1,
            polling_interval_sec=POLL,
            on_conflict="always_update",
        )
    except BaseException:
        DBOS.destroy()
        raise
    return DBOS


def _serializer() -> Any:
    from dbos import Serializer

    return type("LexOpsJson", (Json, Serializer), {})()


def _let_go() -> None:
    """Keep the process from waiting at its end for the engine's threads; one may wait for another worker."""
    for thread in threading.enumerate():
        if thread.name.startswith("dbos-executor-"):
            pool._threads_queues.pop(thread, None)  # type: ignore[attr-defined]
