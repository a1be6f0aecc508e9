"""Runs checks: one lane per target, each pass in its own thread, watched so that a hung one delays nobody.

Deadlines nest: the server's statement timeout is the check's timeout; the watchdog aborts a second later
(it cancels on the server and shuts the socket, because a half-open network leaves every server-side
timeout waiting); a look that not even that ends is abandoned, and its lane rests until the thread is back.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from lexops.checks.contract import CannotSee, NotApplicable, NotYet, RunnableCheck
from lexops.checks.judge import judge
from lexops.checks.model import Check, Outcome, Status, Verdict
from lexops.clock import Clock, show_duration
from lexops.errors import Damaged, Denied, LexOpsError, Locked, TimedOut, Unreachable
from lexops.targets.memory import Memory
from lexops.text import one_line

MARGIN = 1.0
"""Seconds between a check's timeout, which the server enforces, and the watchdog's abort."""
FORKS = 4
"""Programs of others that run at the same time."""
GRACE = 2.0
"""Seconds that an aborted look has to come back before it is abandoned."""


class Session(Protocol):
    """An open connection to a target, as the engine needs it."""

    def abort(self) -> None:
        """End whatever blocks, from another thread, at once; the session is dead afterwards."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Lane:
    """The checks of one target that run one after the other over one connection."""

    name: str
    target: str
    server: str
    """Two heavy lanes of one server never run at the same time."""
    connect: Callable[[], Session]
    connect_seconds: float
    checks: tuple[RunnableCheck, ...]
    heavy: bool = False
    forks: bool = False
    """Runs programs of others: a fork costs a thousand times a query, so few run at the same time."""

    @property
    def availability(self) -> RunnableCheck | None:
        return next((check for check in self.checks if check.check.availability), None)


@dataclass
class Pass:
    """One thread's way along the due checks of a lane."""

    lane: Lane
    due: Sequence[tuple[RunnableCheck, datetime]]
    clock: Clock
    done: queue.SimpleQueue[tuple[Pass, Outcome | None]]
    """Where outcomes go; None says that the pass is over."""
    session: Session | None = None
    refused: LexOpsError | None = None
    """Why connecting failed; it is not tried again in this pass, each time costs its timeout."""
    memories: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What the lane's checks kept from their last look, by id."""
    current: tuple[RunnableCheck, datetime, datetime] | None = None
    """The look under way: check, when it was due, when it started."""
    deadline: float = 0.0
    aborted: bool = False
    abandoned: bool = False
    finished: bool = False
    seen: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while a look begins or ends, so that the watchdog never aborts the next one."""

    def run(self) -> None:
        """The thread's body; never raises."""
        try:
            for check, due in self._availability_first():
                if not self.abandoned:
                    self._look(check, due)
        finally:
            self._drop_session()
            self.finished = True
            self.done.put((self, None))

    def _availability_first(self) -> list[tuple[RunnableCheck, datetime]]:
        return sorted(self.due, key=lambda item: not item[0].check.availability)

    def _look(self, check: RunnableCheck, due: datetime) -> None:
        started = self.clock.now()
        before = self.clock.monotonic()
        with self.lock:
            self.aborted = False
            self.deadline = before + self.lane.connect_seconds + MARGIN
            self.current = (check, due, started)
        try:
            session = self.session or self._connected()
            self.deadline = self.clock.monotonic() + check.check.timeout.total_seconds() + MARGIN
            verdict = observe(check, session, Memory(self.memories.get(check.check.id), started))
        except LexOpsError as error:
            verdict = could_not_connect(check.check, error)
        except Exception as error:
            verdict = _broken(error)
        with self.lock:
            self.current = None
        if self.aborted:
            verdict = _timed_out(check.check)
        if verdict.unreachable or self.aborted:
            self._drop_session()
        self._tell(check, due, started, before, verdict)
        if verdict.unreachable and not check.check.availability:
            self._ask_availability(started, before, verdict)

    def _connected(self) -> Session:
        if self.refused is not None:
            raise self.refused.with_traceback(None)
        try:
            self.session = self.lane.connect()
        except LexOpsError as error:
            self.refused = error
            raise
        return self.session

    def _ask_availability(self, started: datetime, before: float, cause: Verdict) -> None:
        """A lost connection is the availability check's to tell, even when that was not due."""
        availability = self.lane.availability
        if availability is not None and availability.check.id not in self.seen:
            verdict = could_not_connect(availability.check, self.refused or Unreachable(cause.summary))
            self._tell(availability, started, started, before, verdict)

    def _tell(
        self, check: RunnableCheck, due: datetime, started: datetime, before: float, verdict: Verdict
    ) -> None:
        self.seen.add(check.check.id)
        seconds = self.clock.monotonic() - before
        self.done.put((self, Outcome(self.lane.target, check.check, verdict, due, started, seconds)))

    def _drop_session(self) -> None:
        session, self.session = self.session, None
        if session is not None:
            try:
                session.close()
            except Exception:  # noqa: S110 - a dead connection may fail to close; nothing depends on it
                pass


def observe(check: RunnableCheck, session: Session, memory: Memory | None = None) -> Verdict:
    """Collect and judge. What goes wrong becomes a verdict: not seen is UNKNOWN, and the hint mends it."""
    definition, memory = check.check, memory or Memory()
    _prepare(session, check, memory)
    try:
        return _judged(check, session, memory)
    except NotApplicable as reason:
        return Verdict(Status.NOT_APPLICABLE, one_line(reason))
    except NotYet as reason:
        return Verdict(Status.PENDING, one_line(reason), memory=memory.packed())
    except CannotSee as error:
        return _cannot_see(error, error.grant or definition.grants)
    except Denied as error:
        return _cannot_see(error, error.hint or definition.grants)
    except TimedOut as error:
        return _LOCKED if isinstance(error, Locked) else _timed_out(definition, one_line(error))
    except Unreachable as error:
        return could_not_connect(definition, error)
    except Damaged as error:
        return Verdict(Status.CRITICAL, f"the data are damaged: {one_line(error)}")
    except LexOpsError as error:
        return Verdict(Status.UNKNOWN, f"could not look: {one_line(error)}", hint=error.hint)
    except Exception as error:
        return _broken(error)


def _prepare(session: Session, check: RunnableCheck, memory: Memory) -> None:
    """Give the session what the check needs of it: sessions of plug-ins take less."""
    if hasattr(session, "memory"):
        session.memory = memory
    if hasattr(session, "sql"):
        session.sql = check.sql
    if hasattr(session, "check"):
        session.check = check.check
    if hasattr(session, "allow"):
        session.allow(check.check.timeout.total_seconds())


def _judged(check: RunnableCheck, session: Session, memory: Memory) -> Verdict:
    seen = list(check.collect(session))
    verdict = judge(check.check, seen, standing=memory.standing, waits=memory.waits)
    bad = (Status.WARNING, Status.CRITICAL)
    memory.standing = {judged.key: judged.status.value for judged in verdict.judged if judged.status in bad}
    return replace(verdict, memory=memory.packed())


def _cannot_see(error: Exception, grant: str) -> Verdict:
    return Verdict(
        Status.UNKNOWN, f"cannot see: {one_line(error)}", hint=grant, grants=(grant,) if grant else ()
    )


def could_not_connect(check: Check, error: LexOpsError) -> Verdict:
    """The target could not be reached: critical for its availability check, unknown for the others.

    A failure on our side, such as a secret that is missing, tells nothing of the target: unknown for all.
    """
    is_down = check.availability and isinstance(error, Unreachable)
    status = Status.CRITICAL if is_down else Status.UNKNOWN
    return Verdict(status, one_line(error), hint=error.hint, unreachable=True)


_LOCKED = Verdict(
    Status.UNKNOWN,
    "could not look: somebody has locked what it reads",
    hint="lexops activity show TARGET tells who; looks give up soon, for others would queue behind them",
    busy=True,
)


def _timed_out(check: Check, said: str = "") -> Verdict:
    """`said` is what the target itself knows of it: an endpoint its phase, which has a limit of its own."""
    span = show_duration(check.timeout)
    if check.availability:
        return Verdict(Status.CRITICAL, said or f"no answer within {span}", unreachable=True)
    hint = "look at the server's load, or raise the timeout"
    return Verdict(Status.UNKNOWN, f"no answer within {span}", hint=hint, busy=True)


def _broken(error: Exception) -> Verdict:
    """A fault of the check itself. Only its type and place are told: its text may hold client data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" in {trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}" if trace else ""
    return Verdict(
        Status.UNKNOWN, f"the check itself failed: {type(error).__name__}{place}", hint="report it"
    )


class Engine:
    """Starts passes within bounds, watches them, hands out their outcomes. Used from one thread."""

    def __init__(self, lanes: Iterable[Lane], clock: Clock, concurrency: int) -> None:
        self.lanes = {lane.name: lane for lane in lanes}
        self._clock = clock
        self._free = concurrency
        self._running: dict[str, Pass] = {}
        self._stuck: dict[str, Pass] = {}
        self._done: queue.SimpleQueue[tuple[Pass, Outcome | None]] = queue.SimpleQueue()
        self._told: list[Outcome] = []
        self._memories: dict[str, dict[str, Mapping[str, Any]]] = {}

    def remember(self, memories: Mapping[tuple[str, str], Mapping[str, Any]]) -> None:
        """Take over what checks of targets kept elsewhere or earlier, by target and check."""
        for (target, check), memory in memories.items():
            self._memories.setdefault(target, {})[check] = memory

    @property
    def idle(self) -> bool:
        return not self._running and not self._told and self._done.empty()

    def is_busy(self, lane: Lane) -> bool:
        """Whether the lane waits: for itself, a heavy one on its server, or a place for a fork."""
        running = [run.lane for run in self._running.values()]
        if lane.forks and sum(other.forks for other in running) >= FORKS:
            return True
        rivals = [other for other in running if lane.heavy and other.heavy]
        return lane.name in self._running or any(rival.server == lane.server for rival in rivals)

    def start(self, lane: Lane, due: Sequence[tuple[RunnableCheck, datetime]]) -> bool:
        """Begin a pass; False when it must wait for a free slot. A check under way is never queued again."""
        if not due or self._free <= 0 or self.is_busy(lane):
            return False
        stuck = self._stuck.get(lane.name)
        if stuck is not None and not stuck.finished:
            self._tell_stuck(lane, stuck, due)
            return True
        self._stuck.pop(lane.name, None)
        memories = dict(self._memories.get(lane.target, {}))
        run = Pass(lane, due, self._clock, self._done, memories=memories)
        self._running[lane.name] = run
        self._free -= 1
        threading.Thread(target=run.run, name=f"lane {lane.name}", daemon=True).start()
        return True

    def _tell_stuck(self, lane: Lane, stuck: Pass, due: Sequence[tuple[RunnableCheck, datetime]]) -> None:
        now = self._clock.now()
        since = stuck.current[2] if stuck.current else now
        verdict = Verdict(
            Status.UNKNOWN, f"not looked at: an earlier look hangs for {show_duration(now - since)}"
        )
        self._told += [Outcome(lane.target, check.check, verdict, moment, now, 0.0) for check, moment in due]

    def poll(self, seconds: float) -> list[Outcome]:
        """The outcomes since the last call; waits up to `seconds` for the first. Watches deadlines."""
        outcomes, self._told = self._told, []
        try:
            run, outcome = self._done.get(timeout=0 if outcomes else seconds)
            while True:
                if outcome is None:
                    self._forget(run)
                elif not run.abandoned:
                    outcomes.append(outcome)
                run, outcome = self._done.get_nowait()
        except queue.Empty:
            pass
        for run in list(self._running.values()):
            outcomes += self._watch(run)
        kept = [o for o in outcomes if o.verdict.memory is not None]
        self.remember({(o.target, o.check.id): o.verdict.memory or {} for o in kept})
        return outcomes

    def _watch(self, run: Pass) -> list[Outcome]:
        with run.lock:
            late = self._clock.monotonic() - run.deadline
            if run.current is None or late <= 0:
                return []
            if not run.aborted:
                run.aborted = True
                if run.session is not None:
                    run.session.abort()
                return []
            return self._abandon(run) if late > GRACE else []

    def _abandon(self, run: Pass) -> list[Outcome]:
        """Give up waiting; the thread may come back later, its results do not count."""
        run.abandoned = True
        self._forget(run)
        self._stuck[run.lane.name] = run
        current = run.current
        if current is None:
            return []
        check, due, started = current
        seconds = (self._clock.now() - started).total_seconds()
        late = [(c, d) for c, d in run.due if c.check.id not in run.seen and c.check.id != check.check.id]
        blocked = Verdict(Status.UNKNOWN, f"not looked at: {check.check.id} hangs before it")
        hung = _timed_out(check.check)
        told = [Outcome(run.lane.target, check.check, hung, due, started, seconds)]
        return told + [Outcome(run.lane.target, c.check, blocked, d, started, 0.0) for c, d in late]

    def _forget(self, run: Pass) -> None:
        if self._running.get(run.lane.name) is run:
            del self._running[run.lane.name]
            self._free += 1

    def close(self) -> None:
        """Abort what is under way; threads are daemons and do not keep the process."""
        for run in [*self._running.values(), *self._stuck.values()]:
            run.abandoned = True
            if run.session is not None:
                run.session.abort()
