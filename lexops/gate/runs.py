"""How a released request is carried out: step by step, each finished one for good.

An engine (`lexops.worker`) calls this at least once for everything, also after a kill. Where a request stands
is kept in the store; every call may be repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
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
        with self._gate.store.begin() as connection:
            row = requests.row(connection, key, lock=True)
            if row is None or State(row.state) not in (State.RUNNING, State.RELEASED):
                return False
            if _state_of(connection, row, step) == DONE:
                return True
            if row.wish:
                self._obey(connection, row, step)
                return False
            case = self._gate.stored_case(connection, row)
            reason = self._gate.still_stands(connection, case, row)
            if reason:
                self._void(connection, row, reason)
                return False
        return self._perform(row, case, step, interrupted)

    def _perform(self, row: Row[Any], case: Case, number: int, interrupted: bool) -> bool:
        declared = case.operation.steps[number]
        doing = Doing(row.key, self._gate.clock.now(), self._gate.file, self._teller(row, number))
        try:
            if number == 0 and not interrupted:
                self._before_the_first(row, case)
            if interrupted and (what := _look(declared, doing, case)) is not Interrupted.RERUN:
                return self._after_interruption(row, declared, number, what)
            said = declared._body(doing, **case.arguments)
        except _Void as error:
            with self._gate.store.begin() as connection:
                self._void(connection, row, str(error))
            return False
        except StoreError:
            raise  # nothing is known of our own store; the engine tries again
        except LexOpsError as error:
            self._failed(row, number, str(error))
            return False
        except Exception as error:
            self._failed(row, number, crash.sentence(crash.keep(error)))
            return False
        self._done(row, declared, number, said)
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
                mark=f":{number}.{row.attempt}",
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

    def _failed(self, row: Row[Any], number: int, why: str) -> None:
        with self._gate.store.begin() as connection:
            now = self._gate.clock.now()
            present = requests.numbered(connection, row.id, lock=True)
            requests.put_step(connection, row.id, number, state=FAILED, ended=now, said=one_line(why, 500))
            self._gate.fail(connection, present, why, mark=f":{number}.{row.attempt}")

    def _void(self, connection: Connection, row: Row[Any], why: str) -> None:
        now = self._gate.clock.now()
        requests.move(connection, row.id, State.VOID, now, answer=why)
        self._gate.recorder.write(connection, "void", row, now, actor=SYSTEM, why=why)

    def _obey(self, connection: Connection, row: Row[Any], step: int) -> None:
        """Stop before a step because somebody asked for it."""
        now = self._gate.clock.now()
        state = State.PAUSED if row.wish == "pause" else State.CANCELLED
        requests.put_step(connection, row.id, step, state=OPEN, started=None, boot=None)
        requests.move(connection, row.id, state, now, answer=f"{state} before step {step + 1}", wish="")
        self._gate.recorder.write(
            connection, state.value, row, now, mark=f":{step}.{row.attempt}", actor=SYSTEM, step=step + 1
        )

    def _teller(self, row: Row[Any], number: int) -> Any:
        def say(text: str) -> None:
            with self._gate.store.begin() as connection:
                requests.put_step(connection, row.id, number, said=one_line(text, 500))
                requests.put(connection, row.id, changed=self._gate.clock.now())

        return say

    def finish(self, key: str) -> None:
        """The end of a request: its body and its record in one transaction, once."""
        with self._gate.store.read() as connection:
            row = requests.row(connection, key)
            if row is None or State(row.state) not in (State.RUNNING, State.RELEASED):
                return
            case = self._gate.stored_case(connection, row)
        if not row.steps:
            if not self._may_finish(row, case):
                return
        try:
            with self._gate.store.begin() as connection:
                present = requests.row(connection, key, lock=True)
                if present is not None and State(present.state) in (State.RUNNING, State.RELEASED):
                    self._gate.finish(connection, present)
        except StoreError:
            raise
        except LexOpsError as error:
            with self._gate.store.begin() as connection:
                self._gate.fail(
                    connection,
                    requests.numbered(connection, row.id, lock=True),
                    str(error),
                    mark=f":end.{row.attempt}",
                )

    def _may_finish(self, row: Row[Any], case: Case) -> bool:
        """Whether an approved act without steps may be carried out now."""
        with self._gate.store.begin() as connection:
            present = requests.numbered(connection, row.id, lock=True)
            reason = self._gate.still_stands(connection, case, present)
            if present.wish:
                requests.move(
                    connection, row.id, State.CANCELLED, self._gate.clock.now(), answer="cancelled", wish=""
                )
                return False
            if reason:
                self._void(connection, present, reason)
                return False
        try:
            self._before_the_first(row, case)
        except _Void as error:
            with self._gate.store.begin() as connection:
                self._void(connection, row, str(error))
            return False
        return True


class _Void(LexOpsError):
    """What was approved is not what would be done."""


def _state_of(connection: Connection, row: Row[Any], step: int) -> str:
    return str(requests.steps(connection, row.id)[step].state)


def _look(step: Step, doing: Doing, case: Case) -> Interrupted:
    """What is known of a step that was cut off."""
    if isinstance(step.interrupted, Interrupted):
        return step.interrupted
    return step.interrupted(doing, **case.arguments)
