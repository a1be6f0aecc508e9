"""How a released request is carried out: step by step, each finished one for good.

An engine (`lexops.worker`) calls this at least once for everything, also after a kill. Where a request stands
is kept in the store; every call may be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row

from lexops import crash
from lexops.errors import LexOpsError, Refused, StoreError
from lexops.gate import store as requests
from lexops.gate.facts import Case
from lexops.gate.gate import Gate
from lexops.gate.model import Job, State
from lexops.gate.record import SYSTEM
from lexops.operations import Doing, Interrupted, Step
from lexops.text import one_line

DONE, OPEN, BEGUN, FAILED, CUT = "done", "open", "running", "failed", "interrupted"
"""Where a step stands."""


class Runs:
    """Carries out the released requests of a site."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def released(self) -> Sequence[Job]:
        """What a worker may take, oldest first."""
        with self._gate.store.read() as connection:
            rows = requests.in_states(connection, [State.RELEASED])
            return [self._job(connection, row) for row in rows]

    def _job(self, connection: Connection, row: Row[Any]) -> Job:
        done = [step.state == DONE for step in requests.steps(connection, row.id)]
        first = done.index(False) if False in done else len(done)
        return Job(row.key, row.attempt, row.steps, first, row.target or row.operation)

    def taken(self, key: str, attempt: int, worker: str) -> None:
        """The engine has it: it is not offered again."""
        with self._gate.store.begin() as connection:
            row = requests.row(connection, key, lock=True)
            if row is not None and row.attempt == attempt and State(row.state) is State.RELEASED:
                now = self._gate.clock.now()
                requests.move(connection, row.id, State.RUNNING, now, worker=worker)

    def intend(self, key: str, step: int, boot: str) -> None:
        """Note that a step begins in a process, before it does."""
        with self._gate.store.begin() as connection:
            row = requests.row(connection, key, lock=True)
            if row is not None and _state_of(connection, row, step) != DONE:
                now = self._gate.clock.now()
                requests.put_step(
                    connection,
                    row.id,
                    step,
                    state=BEGUN,
                    boot=boot,
                    worker=row.worker,
                    started=now,
                    ended=None,
                )

    def perform(self, key: str, step: int, interrupted: bool) -> bool:
        """Do a step; False when it goes no further for now, and the store says why."""
        return self._or_fails(key, step, partial(self._perform, key, step, interrupted))

    def finish(self, key: str) -> None:
        """The end of a request: its body and its record in one transaction, once."""
        self._or_fails(key, None, partial(self._finish, key))

    def _or_fails(self, key: str, step: int | None, act: Callable[[], bool]) -> bool:
        """Act; whatever goes wrong ends the request here, for nobody would come back to it."""
        try:
            return act()
        except StoreError:
            raise  # nothing is known of our own store; the engine tries again
        except _Void as error:
            with self._gate.store.begin() as connection:
                row = self._at_work(connection, key)
                if row is not None:
                    self._void(connection, row, str(error))
        except LexOpsError as error:
            self._failed(key, step, str(error))
        except Exception as error:
            self._failed(key, step, crash.sentence(crash.keep(error)))
        return False

    def _at_work(self, connection: Connection, key: str) -> Row[Any] | None:
        """A request that may still be carried out, locked."""
        row = requests.row(connection, key, lock=True)
        return row if row is not None and State(row.state) in (State.RUNNING, State.RELEASED) else None

    def _allowed(self, connection: Connection, row: Row[Any], step: int | None) -> Case | None:
        """What is to be done; None when it may not or shall not be any more, which is then kept."""
        if row.wish:
            self._obey(connection, row, step)
            return None
        case = self._gate.stored_case(connection, row)
        reason = self._gate.still_stands(connection, case, row)
        if reason:
            self._void(connection, row, reason)
            return None
        return case

    def _perform(self, key: str, number: int, interrupted: bool) -> bool:
        with self._gate.store.begin() as connection:
            row = self._at_work(connection, key)
            if row is None:
                return False
            if _state_of(connection, row, number) == DONE:
                return True
            case = self._allowed(connection, row, number)
        if case is None:
            return False
        declared = case.operation.steps[number]
        doing = Doing(row.key, self._gate.clock.now(), self._gate.file, self._teller(row, number))
        if number == 0 and not interrupted:
            self._before_the_first(row, case)
        if interrupted and (what := _look(declared, doing, case)) is not Interrupted.RERUN:
            return self._after_interruption(row, declared, number, what)
        self._done(row, declared, number, declared._body(doing, **case.arguments))
        return True

    def _finish(self, key: str) -> bool:
        with self._gate.store.begin() as connection:
            row = self._at_work(connection, key)
            if row is None:
                return False
            if row.steps:  # they are done, so that nothing can be called off any more
                self._gate.finish(connection, row)
                return True
            case = self._allowed(connection, row, None)
        if case is None:
            return False
        self._before_the_first(row, case)
        with self._gate.store.begin() as connection:
            present = self._at_work(connection, key)
            if present is not None:
                self._gate.finish(connection, present)
        return True

    def _before_the_first(self, row: Row[Any], case: Case) -> None:
        if not self._gate.plan_still_fits(case, row):
            raise _Void("what would be done has changed since it was asked for")
        if case.operation.critical:
            self._note_begun(row)
            try:
                self._gate.await_seal(row.key)
            except StoreError as error:
                raise Refused(f"nothing was done: {error}", hint=error.hint) from None

    def _note_begun(self, row: Row[Any]) -> None:
        """What waited for approval begins only now."""
        with self._gate.store.begin() as connection:
            now = self._gate.clock.now()
            self._gate.recorder.write(connection, "begun", row, now, session=row.session)

    def _after_interruption(self, row: Row[Any], step: Step, number: int, what: Interrupted) -> bool:
        if what is Interrupted.DONE:
            self._done(row, step, number, "was done when its worker died")
            return True
        with self._gate.store.begin() as connection:
            now = self._gate.clock.now()
            requests.put_step(connection, row.id, number, state=CUT)
            text = f"cut off in “{step.title}”; look at the target, then: lexops request resume {row.id} …"
            requests.move(connection, row.id, State.INTERRUPTED, now, answer=text)
            self._gate.recorder.write(
                connection,
                "interrupted",
                row,
                now,
                mark=_mark(row, number),
                actor=SYSTEM,
                step=step.name,
            )
            self._gate.alarm(
                connection,
                f"{row.key}:cut:{number}.{row.attempt}",
                f"request #{row.id} {row.title}: {text}",
                now,
            )
        return False

    def _done(self, row: Row[Any], step: Step, number: int, said: str) -> None:
        with self._gate.store.begin() as connection:
            now = self._gate.clock.now()
            requests.put_step(connection, row.id, number, state=DONE, ended=now, said=one_line(said, 500))
            self._gate.recorder.write(
                connection,
                "step",
                row,
                now,
                mark=f":{number}",
                actor=SYSTEM,
                personal={"said": said},
                step=step.name,
            )

    def _failed(self, key: str, step: int | None, why: str) -> None:
        with self._gate.store.begin() as connection:
            row = self._at_work(connection, key)
            if row is None:
                return
            if step is not None:
                now = self._gate.clock.now()
                requests.put_step(connection, row.id, step, state=FAILED, ended=now, said=one_line(why, 500))
            self._gate.fail(connection, row, why, mark=_mark(row, step))

    def _void(self, connection: Connection, row: Row[Any], why: str) -> None:
        now = self._gate.clock.now()
        requests.move(connection, row.id, State.VOID, now, answer=why)
        self._gate.recorder.write(connection, "void", row, now, actor=SYSTEM, why=why)

    def _obey(self, connection: Connection, row: Row[Any], step: int | None) -> None:
        """Stop before a step, or before an act without steps, because somebody asked for it."""
        now = self._gate.clock.now()
        state = State.PAUSED if row.wish == "pause" and row.steps else State.CANCELLED
        place = None if step is None else step + 1
        answer = f"{state} before step {place}" if place else state.value
        if step is not None:
            requests.put_step(connection, row.id, step, state=OPEN, started=None, boot=None)
        requests.move(connection, row.id, state, now, answer=answer, wish="")
        mark = _mark(row, step)
        self._gate.recorder.write(connection, state.value, row, now, mark=mark, actor=SYSTEM, step=place)

    def _teller(self, row: Row[Any], number: int) -> Any:
        def say(text: str) -> None:
            with self._gate.store.begin() as connection:
                requests.put_step(connection, row.id, number, said=one_line(text, 500))
                requests.put(connection, row.id, changed=self._gate.clock.now())

        return say


class _Void(LexOpsError):
    """What was approved is not what would be done."""


def _mark(row: Row[Any], step: int | None) -> str:
    """What tells an entry on the record from that of another step, or of another attempt."""
    return f":{'end' if step is None else step}.{row.attempt}"


def _state_of(connection: Connection, row: Row[Any], step: int) -> str:
    return str(requests.steps(connection, row.id)[step].state)


def _look(step: Step, doing: Doing, case: Case) -> Interrupted:
    """What is known of a step that was cut off."""
    if isinstance(step.interrupted, Interrupted):
        return step.interrupted
    return step.interrupted(doing, **case.arguments)
