"""The one way an operation runs. In front: may this person do this here, and what does it still need?

Behind: what only changes LexOps' own records happens in one transaction with its record; what reaches a
target is released to a worker, which carries it out durably (`runs.py`). Weighty acts are on the sealed
record before they happen. If the record cannot be written, the act does not happen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from lexops.audit import store as record
from lexops.audit.sealing import Sealer
from lexops.audit.trail import Trail
from lexops.auth import factors
from lexops.auth import store as people
from lexops.auth.model import Operator
from lexops.auth.policy import UNATTENDED, Decision, scope
from lexops.clock import Clock
from lexops.config import SiteFile
from lexops.errors import LexOpsError, Refused, StoreError
from lexops.gate import facts, frozen, saved
from lexops.gate import store as requests
from lexops.gate.deciding import Deciding
from lexops.gate.facts import Case
from lexops.gate.model import Answer, ConfirmationNeeded, Preview, SecondFactorNeeded, State
from lexops.gate.record import NOBODY, Recorder
from lexops.operations import Act, Catalogue, Doing, Operation, Request
from lexops.operations.arguments import validated
from lexops.privacy.keyring import Keyring
from lexops.store.database import Store

REVIEW_WITHIN = timedelta(hours=24)
"""By when somebody else has to look at a break-glass act."""
SEAL_PATIENCE = 15.0
"""Seconds that a weighty act waits to be on the sealed record before it is given up."""

Alarm = Callable[[Connection, str, str, datetime], None]
"""Alarms everybody inside a transaction: key (once per key), one line, when."""


class Gate:
    """Lets requests pass, or says why not."""

    def __init__(
        self,
        catalogue: Catalogue,
        store: Store,
        clock: Clock,
        file: SiteFile,
        keyring: Keyring,
        trail: Trail,
        sealer: Sealer,
        alarm: Alarm,
    ) -> None:
        self.catalogue = catalogue
        self.store = store
        self.clock = clock
        self.file = file
        self.keyring = keyring
        self.sealer = sealer
        self.alarm = alarm
        self.recorder = Recorder(trail)
        self._deciding = Deciding(file, keyring, clock)

    # In front

    def submit(self, request: Request) -> Answer:
        """Carry out `request`, or save it until others have approved it, or hand it to a worker.

        The same key answers the same without acting again. Raises NotFound, InvalidRequest, Refused (with
        SecondFactorNeeded and ConfirmationNeeded where the person can do something about it), StoreError when
        it cannot be recorded, or what the operation's body raises; nothing has then changed.
        """
        case = self.case(request)
        plan = self._planned(case)
        with self.store.begin() as connection:
            outcome = self._enter(connection, case, plan)
        if isinstance(outcome, LexOpsError):
            raise outcome
        if outcome.state is State.RUNNING and not case.operation.steps:
            return self._act_on_record(case, outcome)
        return outcome

    def on_schedule(self, operation: str, arguments: Mapping[str, object], operator: str, key: str) -> None:
        """Submit what is due by the clock, in the name of whose schedule it is. Raises like `submit`."""
        self.submit(Request(operation, arguments, operator, "schedule", key))

    def is_under_way(self, key: str) -> bool:
        """Whether a request was made and has not come to an end."""
        with self.store.read() as connection:
            row = requests.row(connection, key)
        return row is not None and State(row.state) in (State.WAITING, State.RELEASED, State.RUNNING)

    def preview(self, request: Request) -> Preview:
        """What `request` would do and what it still needs. Nothing is recorded. Raises like `submit`."""
        case = self.case(request)
        with self.store.read() as connection:
            person = people.by_name(connection, request.operator)
            decision = self._deciding.decision(connection, case, person)
        if not decision.permitted:
            raise refusal(case.operation, decision)
        return self._preview(case, self._plan(case), decision)

    def explain(self, request: Request) -> Decision:
        """What the policy says to a request, with every rule that fits."""
        case = self._case_without_arguments(request)
        with self.store.read() as connection:
            return self._deciding.decision(connection, case, people.by_name(connection, request.operator))

    def case(self, request: Request) -> Case:
        """What a request means here. Raises NotFound or InvalidRequest."""
        operation = self.catalogue.find(request.operation)
        arguments = validated(operation, request.arguments)
        return facts.case(self.file.settings, request, operation, arguments)

    def _case_without_arguments(self, request: Request) -> Case:
        operation = self.catalogue.find(request.operation)
        return facts.case(self.file.settings, request, operation, request.arguments)

    def _planned(self, case: Case) -> tuple[str, ...]:
        """The plan, for whoever may see it; asking a target takes time, so no transaction is open."""
        if case.operation._plan is None:
            return ()
        with self.store.read() as connection:
            if requests.row(connection, case.request.key) is not None:
                return ()
            decision = self._deciding.decision(
                connection, case, people.by_name(connection, case.request.operator)
            )
        return self._plan(case) if decision.permitted else ()

    def _plan(self, case: Case) -> tuple[str, ...]:
        if case.operation._plan is None:
            return ()
        doing = Doing(case.request.key, self.clock.now(), self.file)
        return tuple(case.operation._plan(doing, **case.arguments))

    def _enter(self, connection: Connection, case: Case, plan: tuple[str, ...]) -> Answer | LexOpsError:
        """Everything that is decided and written before the act, in one transaction.

        An error that is given back is on the record; one that is raised undoes everything.
        """
        request = case.request
        known = requests.row(connection, request.key, lock=True)
        if known is not None:
            return _again(known, request)
        person = people.by_name(connection, request.operator)
        decision = self._deciding.decision(connection, case, person)
        if not decision.permitted or person is None:
            return self._refuse(connection, case, person, decision)
        if decision.second_factor is not None:
            has_any = factors.has_any(connection, person)
            return SecondFactorNeeded(self._preview(case, plan, decision), has_any)
        if case.word and request.door not in UNATTENDED and request.confirmed != case.word:
            return ConfirmationNeeded(self._preview(case, plan, decision))
        row = self._keep(connection, case, person, plan, decision)
        return self._begin(connection, case, row)

    def _preview(self, case: Case, plan: tuple[str, ...], decision: Decision) -> Preview:
        operation = case.operation
        return Preview(
            operation.name,
            operation.title,
            operation.effect,
            case.environment,
            case.target,
            plan,
            decision.approvals,
            decision.second_factor,
            scope(operation.effect, case.environment),
            case.word,
            decision.approvals > 0,
        )

    def _refuse(
        self, connection: Connection, case: Case, person: Operator | None, decision: Decision
    ) -> Refused:
        request = case.request
        facts_of_it = {
            "operation": request.operation,
            "door": request.door,
            "environment": case.environment,
            "target": case.target,
            "why": decision.why if person is not None else "no active operator",
        }
        id = person.id if person is not None else NOBODY
        self.recorder.refused(connection, request.key, id, self.clock.now(), facts_of_it, request.operator)
        return refusal(case.operation, decision)

    def _keep(
        self,
        connection: Connection,
        case: Case,
        person: Operator,
        plan: Sequence[str],
        decision: Decision,
    ) -> Row[Any]:
        """Write the request down as it is, and alarm everybody when it breaks the glass."""
        now = self.clock.now()
        broken = self._deciding.breaks_glass(connection, case, person)
        row = saved.keep(
            connection,
            self.keyring,
            case,
            person,
            plan,
            now,
            approvals=decision.approvals,
            expires=now + self.file.settings.policy.approval_expires if decision.approvals else None,
            review_due=now + REVIEW_WITHIN if broken else None,
        )
        if broken:
            who = case.request.operator
            text = f"{who} broke the glass for request #{row.id}: {case.operation.title}"
            self.alarm(connection, f"{row.key}:glass", text, now)
        return row

    def _begin(self, connection: Connection, case: Case, row: Row[Any]) -> Answer:
        """Record the request, and carry it out here when nothing speaks against it."""
        personal = self._personal(case, row)
        state, now = State(row.state), self.clock.now()
        if state is State.WAITING:
            self.recorder.write(connection, "requested", row, now, personal=personal, session=row.session)
            others = "another person" if row.approvals_needed == 1 else f"{row.approvals_needed} others"
            text = f"{row.title}: request #{row.id} waits for the approval of {others}"
            return Answer(text, state, row.key, row.id)
        if case.operation.critical or case.operation.steps:
            self.recorder.write(connection, "begun", row, now, personal=personal, session=row.session)
            return Answer(f"{row.title}: request #{row.id} is with the worker", state, row.key, row.id)
        return self._carry_out(connection, case, row)

    def _personal(self, case: Case, row: Row[Any]) -> dict[str, str]:
        return frozen.personal(case.operation, case.arguments) | {
            "operator": case.request.operator,
            "break_glass": row.break_glass,
        }

    # Behind

    def _act_on_record(self, case: Case, begun: Answer) -> Answer:
        """Carry out a weighty act on LexOps' own records, once the seal covers that it begins."""
        try:
            self.await_seal(begun.key)
            with self.store.begin() as connection:
                row = requests.numbered(connection, begun.request, lock=True)
                if State(row.state) is State.RUNNING:
                    return self._carry_out(connection, case, row)
        except LexOpsError as error:
            with self.store.begin() as connection:
                self.fail(connection, requests.numbered(connection, begun.request, lock=True), str(error))
            raise
        # Somebody else with the same request was faster.
        again = _again(row, case.request)
        if isinstance(again, LexOpsError):
            raise again
        return again

    def await_seal(self, key: str) -> None:
        """Wait until the entry that says that a request begins is sealed. Raises StoreError."""
        with self.store.read() as connection:
            entry = record.entry_by_key(connection, f"{key}:begun")
        if entry is None:
            raise StoreError("the record of what is to be done is gone", hint="see: lexops audit verify")
        self.sealer.include(entry.id, SEAL_PATIENCE)

    def _carry_out(self, connection: Connection, case: Case, row: Row[Any]) -> Answer:
        """The body, its record and the request's end: all or nothing."""
        now = self.clock.now()
        act = Act(case.request, now, connection, self.file, self.keyring, row.operator_id)
        text = case.operation._body(act, **case.arguments)
        self.recorder.write(
            connection, "done", row, now, personal=self._personal(case, row) | {"answer": text}
        )
        requests.move(connection, row.id, State.DONE, now, answer=text)
        return Answer(text, State.DONE, row.key, row.id)

    def finish(self, connection: Connection, row: Row[Any]) -> Answer:
        """Carry out the body of a stored request."""
        return self._carry_out(connection, self.stored_case(connection, row), row)

    def fail(self, connection: Connection, row: Row[Any], why: str, mark: str = "") -> None:
        """Say that a request failed; what its steps did stands in the record."""
        if State(row.state) not in (State.RUNNING, State.RELEASED):
            return
        now = self.clock.now()
        self.recorder.write(connection, "failed", row, now, mark=mark, personal={"why": why})
        requests.move(connection, row.id, State.FAILED, now, answer=why)

    def stored_case(self, connection: Connection, row: Row[Any]) -> Case:
        """A saved request as it was asked for. Raises InvalidRequest."""
        return saved.case_of(connection, self.keyring, self.catalogue, self.file.settings, row)

    def still_stands(self, connection: Connection, case: Case, row: Row[Any]) -> str:
        """Why a saved request may no longer be carried out; empty when it may.

        Rights are those of now, not of when it was asked for; what would be done is what was approved.
        """
        person = people.by_id(connection, row.operator_id)
        decision = self._deciding.decision(connection, case, person)
        if not decision.permitted:
            return decision.why
        if case.environment != row.environment:
            return f"{case.target} is now {case.environment}"
        return "" if saved.is_as_recorded(connection, row) else "it is not the request that was made"

    def plan_still_fits(self, case: Case, row: Row[Any]) -> bool:
        """Whether the plan is still the one that was shown."""
        return list(self._plan(case)) == list(row.plan)


def _again(row: Row[Any], request: Request) -> Answer | Refused:
    """The answer to a request that came before. The same key for another act is refused."""
    if (row.operation, row.operator) != (request.operation, request.operator):
        return Refused(
            f"the key {request.key} belongs to another request", hint="use a new key for a new act"
        )
    if State(row.state) in (State.FAILED, State.REFUSED, State.EXPIRED, State.VOID, State.CANCELLED):
        return Refused(f"request #{row.id} is {row.state}: {row.answer}", hint="ask anew with a new key")
    text = row.answer or f"{row.title}: request #{row.id} is {row.state}"
    return Answer(text, State(row.state), row.key, row.id)


def refusal(operation: Operation, decision: Decision) -> Refused:
    """What a refused person is told."""
    what = f"{operation.title}: {decision.why}"
    return Refused(what, hint=f"see why: lexops operator explain {operation.name}")
