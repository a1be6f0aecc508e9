"""What people do with policies, and saying why a promise was broken. A change is always a new revision."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from lexops.calendars.model import taken_up
from lexops.clock import show_moment
from lexops.errors import InvalidRequest, Refused
from lexops.incidents.model import Priority
from lexops.operations import Act, Effect, Operation, Privacy, Role, operation
from lexops.operations.common import Correction, HistoryReason, IncidentNumber
from lexops.operations.moments import ahead
from lexops.sla import notation, reading, store
from lexops.sla.drafting import Wanted, checked_year, drafted, fits_text
from lexops.sla.model import Change, ClockKind, ClockState
from lexops.sla.store import Reason
from lexops.sla.view import Responsibility
from lexops.store import event
from lexops.targets.model import Kind


@operation("policy.set", role=Role.ADMINISTRATOR, effect=Effect.CHANGE, critical=True)
def set_(
    act: Act,
    *,
    name: Annotated[str, "standard; small letters, digits and dashes"],
    calendar: Annotated[str, "always; the calendar whose open time counts"],
    budgets: Annotated[str, "P1 response 15m, resolution 4h; P2 … : open time by priority and clock"],
    reason: HistoryReason,
    client: Annotated[str | None, "only for this client's code", Privacy.PERSONAL] = None,
    provider: Annotated[str | None, "only where this provider has promised to help"] = None,
    priority: Annotated[Priority | None, "only for this priority"] = None,
    queue: Annotated[str | None, "only in this queue"] = None,
    kind: Annotated[Kind | None, "only about targets of this kind"] = None,
    warnings: Annotated[str | None, "percent of the budget, rising; else 75,90; - for none"] = None,
    pauses: Annotated[
        str | None, "clocks that wait with a ticket; else update,resolution; - for none"
    ] = None,
    change: Annotated[
        Change, "a new priority counts from the opening, or from the change"
    ] = Change.RETROACTIVE,
    contract: Annotated[str | None, "where it is written: number and paragraph"] = None,
    since: Annotated[str | None, "tickets opened from then on: 2026-12-01, or in: 14d; else all"] = None,
    until: Annotated[str | None, "tickets opened before then: 2027-12-01; else without end"] = None,
    correction: Correction = False,
) -> str:
    """Set what is promised.

    Makes the policy, or replaces it: clocks that run count by it at once, finished ones keep what was known
    when they finished. Of several that fit a ticket the one for its client wins, then provider, priority,
    queue, kind. See first what would change: lexops sla policy try.
    """
    wanted = Wanted(
        name, calendar, budgets, priority, client, provider, queue, kind, warnings, pauses, change, contract,
        since, until,
    )  # fmt: skip
    book = store.book(act.connection)
    policy = drafted(wanted, book, act.file, act.at, correction=correction)
    before = book.policies.get(name, ())
    if before and before[-1].value == policy:
        raise Refused(f"{name} is that already")
    entered = store.add(
        act.connection,
        policy,
        at=act.at,
        operator=act.operator,
        reason=reason,
        correction=correction,
        after=len(before),
    )
    event.append(act.connection, act.at, "policy.set", f"{name} revision {entered.number}")
    told = f"{fits_text(policy.fits)}: {notation.budgets_text(policy.budgets)} of {policy.calendar}"
    too = taken_up(before) if correction else ""
    return f"policy {name} revision {entered.number} for {told}{f'; {too}' if too else ''}"


@operation("policy.end", role=Role.ADMINISTRATOR, effect=Effect.CHANGE, critical=True)
def end(
    act: Act,
    *,
    name: Annotated[str, "standard; the policy"],
    until: Annotated[str, "2027-12-01; tickets opened from then on are promised nothing by it; or in: 14d"],
    reason: HistoryReason,
) -> str:
    """End a policy.

    Tickets opened before keep its promise. It is not forgotten: its history and what was counted by it stay.
    """
    known = store.history(act.connection, name)
    before = known[-1].value
    ends = checked_year("until", ahead(act, "until", until))
    if ends < act.at:
        over = show_moment(ends, act.file.zone)
        raise InvalidRequest(f"until: {over} is over; tickets opened since would lose a promise")
    if before.until is not None and before.until <= ends:
        raise Refused(f"{name} ends {show_moment(before.until, act.file.zone)}")
    if before.since is not None and ends <= before.since:
        raise InvalidRequest(f"until: {name} only begins {show_moment(before.since, act.file.zone)}")
    store.add(
        act.connection,
        replace(before, until=ends),
        at=act.at,
        operator=act.operator,
        reason=reason,
        after=len(known),
    )
    event.append(act.connection, act.at, "policy.ended", name)
    return f"policy {name} ends {show_moment(ends, act.file.zone)}"


@operation("breach.account", role=Role.SUPPORT, effect=Effect.CHANGE)
def account(
    act: Act,
    *,
    incident: IncidentNumber,
    clock: Annotated[ClockKind, "which promise was broken"],
    responsibility: Annotated[Responsibility, "who broke it"],
    reason: Annotated[str, "why it was broken; no client data", Privacy.PERSONAL],
    round: Annotated[int, "which of several: of the second question to be answered 2"] = 1,
) -> str:
    """Say why a promise was broken.

    And by whom. What was said before stays and is shown beside it; reports count the newest.
    """
    ticket = reading.ticket(act.connection, act.file, incident, act.at)
    found = [each for each in ticket.clocks if each.kind is clock]
    which = f"{clock} {round}" if round > 1 else clock.value
    wanted = next((each for each in found if each.round == round), None)
    if wanted is None:
        raise Refused(
            f"incident #{incident} has no clock {which}", hint=f"see: lexops sla explain {incident}"
        )
    if wanted.state is ClockState.CANCELLED:
        raise Refused(f"incident #{incident} was cancelled; it counts nowhere")
    if not wanted.is_breached:
        raise Refused(f"{which} of incident #{incident} is not broken: {wanted.state}")
    made = Reason(incident, clock, round, responsibility, reason, act.operator, act.at)
    store.add_reason(act.connection, made)
    event.append(act.connection, act.at, "sla.accounted", f"#{incident} {clock}")
    return f"noted on incident #{incident}: {which} was broken by {_WHOM[responsibility]}"


_WHOM = {Responsibility.OURS: "us", Responsibility.CLIENT: "the client", Responsibility.VENDOR: "the vendor"}

OPERATIONS: tuple[Operation, ...] = (set_, end, account)
