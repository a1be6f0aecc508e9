"""What people do with requests: agree to them, stop them, go on with them, look at what broke the glass."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import Row

from lexops.auth import store as people
from lexops.errors import Refused
from lexops.gate import store as requests
from lexops.gate.model import STOPPED, State
from lexops.operations import Act, Effect, Privacy, Role, operation
from lexops.operations.common import RequestNumber
from lexops.store import event

SHORTEST_HASH = 8
"""Characters of a hash that somebody has to name at least."""


class Decision(StrEnum):
    """What is true of a step that was cut off or failed."""

    RERUN = "rerun"
    DONE = "done"


@operation("approval.grant", role=Role.MANAGER, effect=Effect.CHANGE, critical=True)
def grant(
    act: Act,
    *,
    request: RequestNumber,
    hash: Annotated[str | None, "the hash you were shown; another one is not approved"] = None,
    reason: Annotated[str | None, "why you agree", Privacy.PERSONAL] = None,
) -> str:
    """Approve a request.

    It has to wait for approval; the last one that it needs releases it.
    """
    row = _waiting(act, request)
    if hash is not None and (len(hash) < SHORTEST_HASH or not row.hash.startswith(hash)):
        raise Refused(
            f"request #{request} is not the one you were shown", hint=f"see: lexops approval show {request}"
        )
    _say(act, row, agreed=True, reason=reason or "")
    missing = row.approvals_needed - sum(a.agreed for a in requests.approvals(act.connection, row.id))
    if missing > 0:
        return f"request #{request} approved; it needs {missing} more"
    requests.move(act.connection, row.id, State.RELEASED, act.at)
    return f"request #{request} approved and released"


@operation("approval.refuse", role=Role.MANAGER, effect=Effect.CHANGE)
def refuse(
    act: Act,
    *,
    request: RequestNumber,
    reason: Annotated[str, "why not", Privacy.PERSONAL],
) -> str:
    """Refuse a request.

    It has to wait for approval; it is over then.
    """
    row = _waiting(act, request)
    _say(act, row, agreed=False, reason=reason)
    requests.move(
        act.connection, row.id, State.REFUSED, act.at, answer=f"refused by {act.operator}: {reason}"
    )
    return f"request #{request} refused"


def _waiting(act: Act, number: int) -> Row[Any]:
    """A request that waits for approval, locked. Raises Refused."""
    row = requests.numbered(act.connection, number, lock=True)
    if State(row.state) is not State.WAITING:
        raise Refused(f"request #{number} does not wait for approval; it is {row.state}")
    if row.expires is not None and row.expires <= act.at:
        raise Refused(f"request #{number} has expired", hint="it has to be asked for anew")
    return row


def _say(act: Act, row: Row[Any], *, agreed: bool, reason: str) -> None:
    """Keep what somebody says. Raises Refused when it is the requester, by person or by key."""
    if agreed and _is_same_person(act, row):
        raise Refused(f"request #{row.id} is your own; somebody else has to approve it")
    if any(a.operator_id == act.operator_id for a in requests.approvals(act.connection, row.id)):
        raise Refused(f"you have already said what you think of request #{row.id}")
    requests.approve(
        act.connection,
        row.id,
        operator_id=act.operator_id,
        by=act.operator,
        fingerprint=act.request.fingerprint,
        hash=row.hash,
        agreed=agreed,
        at=act.at,
        reason=reason,
    )


def _is_same_person(act: Act, row: Row[Any]) -> bool:
    """Whether the one who acts is the one who asked: the same operator, or anybody with the same key."""
    if act.operator_id == row.operator_id:
        return True
    mine = people.by_id(act.connection, act.operator_id)
    theirs = people.by_id(act.connection, row.operator_id)
    my_keys = {key.fingerprint for key in mine.keys} if mine else set()
    their_keys = {key.fingerprint for key in theirs.keys} if theirs else set()
    my_keys |= {act.request.fingerprint} if act.request.fingerprint else set()
    their_keys |= {row.fingerprint} if row.fingerprint else set()
    return bool(my_keys & their_keys)


@operation("request.cancel", role=Role.SUPPORT, effect=Effect.CHANGE)
def cancel(
    act: Act,
    *,
    request: RequestNumber,
    reason: Annotated[str, "why it is given up", Privacy.PERSONAL],
) -> str:
    """Give up a request.

    One that is running stops before its next step.
    """
    row = requests.numbered(act.connection, request, lock=True)
    _only_own_or_administrator(act, row)
    state = State(row.state)
    if state is State.RUNNING:
        requests.put(act.connection, row.id, wish="cancel", changed=act.at)
        return f"request #{request} stops before its next step"
    if state is not State.WAITING and state is not State.RELEASED and state not in STOPPED:
        raise Refused(f"request #{request} is over; it is {row.state}")
    text = f"cancelled by {act.operator}: {reason}"
    requests.move(act.connection, row.id, State.CANCELLED, act.at, answer=text)
    return f"request #{request} cancelled"


@operation("request.pause", role=Role.SUPPORT, effect=Effect.CHANGE)
def pause(act: Act, *, request: RequestNumber) -> str:
    """Pause a request.

    It stops before its next step, until it is resumed.
    """
    row = requests.numbered(act.connection, request, lock=True)
    _only_own_or_administrator(act, row)
    if State(row.state) not in (State.RUNNING, State.RELEASED):
        raise Refused(f"request #{request} is not running; it is {row.state}")
    if not row.steps:
        raise Refused(f"request #{request} has no steps to pause between", hint="give it up, or let it be")
    requests.put(act.connection, row.id, wish="pause", changed=act.at)
    return f"request #{request} pauses before its next step"


@operation("request.resume", role=Role.SUPPORT, effect=Effect.CHANGE, critical=True)
def resume(
    act: Act,
    *,
    request: RequestNumber,
    step: Annotated[Decision, "the step that stopped: run it again, or it is done"] = Decision.RERUN,
    reason: Annotated[str | None, "what you saw on the target", Privacy.PERSONAL] = None,
) -> str:
    """Resume a request.

    One that failed, was cut off or paused goes on from the step where it stopped.
    """
    row = requests.numbered(act.connection, request, lock=True)
    _only_own_or_administrator(act, row)
    if State(row.state) not in STOPPED or not row.steps:
        raise Refused(f"request #{request} has not stopped; it is {row.state}")
    stopped = next((s for s in requests.steps(act.connection, row.id) if s.state != "done"), None)
    if stopped is not None:
        done = step is Decision.DONE
        values: dict[str, Any] = {"state": "done" if done else "open", "boot": None}
        if done:
            values |= {"ended": act.at, "said": f"{act.operator} says it is done"}
        requests.put_step(act.connection, row.id, stopped.number, **values)
    requests.move(
        act.connection,
        row.id,
        State.RELEASED,
        act.at,
        answer="",
        attempt=row.attempt + 1,
        wish="",
        worker=None,
    )
    return f"request #{request} goes on"


def _only_own_or_administrator(act: Act, row: Row[Any]) -> None:
    person = people.by_id(act.connection, act.operator_id)
    if row.operator_id != act.operator_id and (person is None or person.role is not Role.ADMINISTRATOR):
        raise Refused(f"request #{row.id} is {row.operator}'s; an administrator may do this too")


@operation("request.review", role=Role.MANAGER, effect=Effect.CHANGE)
def review(
    act: Act,
    *,
    request: RequestNumber,
    finding: Annotated[str, "was it right to break the glass, and what follows", Privacy.PERSONAL],
) -> str:
    """Review a broken glass.

    Somebody else than who broke it has to, within 24 hours.
    """
    row = requests.numbered(act.connection, request, lock=True)
    if not row.break_glass:
        raise Refused(f"request #{request} did not break the glass")
    if row.reviewed_by is not None:
        raise Refused(f"request #{request} has been reviewed by {row.reviewed_by}")
    if _is_same_person(act, row):
        raise Refused(f"request #{request} is your own; somebody else has to review it")
    requests.put(act.connection, row.id, reviewed_by=act.operator, reviewed=act.at)
    event.append(act.connection, act.at, "request.reviewed", f"#{row.id}", {})
    return f"request #{request} reviewed"


OPERATIONS = (grant, refuse, cancel, pause, resume, review)
