"""What people do with checks. None of it touches a target: the worker looks, on request."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from lexops.checks import asked, store
from lexops.errors import InvalidRequest, NotFound, Refused
from lexops.operations import Act, Effect, Privacy, Role, operation
from lexops.text import plural

LONGEST_DOWNTIME = timedelta(days=14)


@operation("check.run", role=Role.SUPPORT, effect=Effect.CHANGE)
def run(
    act: Act,
    *,
    target: Annotated[str | None, "only this target"] = None,
    check: Annotated[str | None, "only this check, or all whose names begin so (billing)"] = None,
) -> str:
    """Run checks now.

    The worker does, as soon as it can.
    """
    pairs = store.assigned(act.connection, target, check)
    if not pairs:
        wanted = " on ".join(part for part in (check or "any check", target) if part)
        raise NotFound(f"this site does not have {wanted}", hint="see: lexops check list")
    asked.wish(act.connection, act.request.key, pairs, act.at)
    return f"{plural(len(pairs), 'check')} asked for"


@operation("check.acknowledge", role=Role.SUPPORT, effect=Effect.CHANGE)
def acknowledge(
    act: Act,
    *,
    target: Annotated[str, "name of the target"],
    check: Annotated[str, "name of the check"],
    reason: Annotated[str, "why it may wait", Privacy.PERSONAL],
) -> str:
    """Acknowledge a failing check.

    It is known; the mark ends with the problem or when it gets worse.
    """
    if not asked.acknowledge(act.connection, target, check, act.operator, reason, act.at):
        raise Refused(f"{check} on {target} is not failing", hint="see: lexops status")
    return f"{check} on {target} acknowledged"


@operation("check.downtime", role=Role.SUPPORT, effect=Effect.CHANGE)
def downtime(
    act: Act,
    *,
    target: Annotated[str, "name of the target"],
    minutes: Annotated[int, "how long; 0 ends the downtime now"],
    reason: Annotated[str, "what is going on", Privacy.PERSONAL],
    check: Annotated[str | None, "only this check"] = None,
) -> str:
    """Announce a downtime.

    The target may fail for a while; no incidents open meanwhile.
    """
    if not store.assigned(act.connection, target, check):
        raise NotFound(f"there is no target {target!r} with such a check", hint="see: lexops check list")
    if minutes == 0:
        ended = asked.end_downtimes(act.connection, target, act.at)
        return f"{plural(ended, 'downtime')} of {target} ended"
    span = timedelta(minutes=minutes)
    if not timedelta() < span <= LONGEST_DOWNTIME:
        raise InvalidRequest(
            f"minutes: {minutes} is not between 1 and {LONGEST_DOWNTIME // timedelta(minutes=1):,}"
        )
    asked.add_downtime(act.connection, target, check, span, act.operator, reason, act.at)
    return f"{target} is in downtime for {minutes} min"


OPERATIONS = (run, acknowledge, downtime)
