"""What people do with checks. None of it touches a target: the worker looks, on request."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from lexops.checks import asked, store
from lexops.checks.beats import PREFIX, Report
from lexops.checks.beats import beat as keep_beat
from lexops.checks.model import Status
from lexops.clock import utc_text
from lexops.errors import InvalidRequest, NotFound, Refused
from lexops.operations import Act, Effect, Privacy, Role, operation
from lexops.text import plural

LONGEST_DOWNTIME = timedelta(days=14)
LONGEST_SILENCE = timedelta(hours=24)
"""A silence that outlives the shift that set it hides the next fault from the next shift."""


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
    where = _where(act, target, check)
    if minutes == 0:
        ended = asked.end_downtimes(act.connection, target, act.at, check=check)
        return f"{plural(ended, 'downtime')} of {where} ended"
    span = _span(minutes, LONGEST_DOWNTIME)
    asked.add_downtime(act.connection, target, check, span, act.operator, reason, act.at)
    return f"{where} is in downtime for {minutes} min"


def _where(act: Act, target: str, check: str | None) -> str:
    """What is to be left alone, in words. Raises NotFound unless the site has exactly that."""
    known = store.assigned(act.connection, target, check)
    if not known or (check and (target, check) not in known):
        raise NotFound(f"there is no target {target!r} with such a check", hint="see: lexops check list")
    return f"{check} on {target}" if check else target


@operation("check.beat", role=Role.SUPPORT, effect=Effect.CHANGE)
def beat(
    act: Act,
    *,
    heartbeat: Annotated[str, "name of the heartbeat"],
    status: Annotated[Report, "how the job ended"] = Report.OK,
    message: Annotated[str | None, "one line about it", Privacy.PERSONAL] = None,
) -> str:
    """Report that a job is alive.

    A job does so at its end, for example from cron; when it stays away, its heartbeat fails.
    """
    known = act.file.settings.heartbeats
    if heartbeat not in known:
        hint = f"there are: {', '.join(known)}" if known else "declare one: [heartbeats.NAME] in lexops.toml"
        raise NotFound(f"there is no heartbeat {heartbeat!r}", hint=hint)
    settings, check = known[heartbeat], f"{PREFIX}{heartbeat}"
    expected = keep_beat(act.connection, heartbeat, settings, Status(status.upper()), message or "", act.at)
    if (settings.target, check) not in {(wish[0], wish[1]) for wish in asked.open_wishes(act.connection)}:
        pairs = store.assigned(act.connection, settings.target, check)
        asked.wish(act.connection, act.request.key, pairs, act.at)
    return f"{heartbeat} has reported; the next report is expected by {utc_text(expected)}"


@operation("check.silence", role=Role.SUPPORT, effect=Effect.CHANGE)
def silence(
    act: Act,
    *,
    target: Annotated[str, "name of the target"],
    minutes: Annotated[int, "how long, at most 1,440; 0 ends the silence now"],
    reason: Annotated[str, "why nobody needs to be told", Privacy.PERSONAL],
    check: Annotated[str | None, "only this check"] = None,
) -> str:
    """Silence a target.

    What fails still counts, shows and opens incidents, but nobody is told. Ends by itself.
    """
    where = _where(act, target, check)
    if minutes == 0:
        ended = asked.end_downtimes(act.connection, target, act.at, check=check, silence=True)
        return f"{plural(ended, 'silence')} of {where} ended"
    span = _span(minutes, LONGEST_SILENCE)
    asked.add_downtime(act.connection, target, check, span, act.operator, reason, act.at, silence=True)
    return f"{where} is silenced for {minutes} min"


_NARROWER = "for example --target billing-db, or --check billing; what fails everywhere is no single problem"


@operation("check.acknowledge-all", role=Role.SUPPORT, effect=Effect.CHANGE)
def acknowledge_all(
    act: Act,
    *,
    reason: Annotated[str, "why they may wait", Privacy.PERSONAL],
    target: Annotated[str | None, "only on this target"] = None,
    check: Annotated[str | None, "only this check, or all whose names begin so (billing)"] = None,
) -> str:
    """Acknowledge all that fails.

    On a target, or of checks whose names begin alike; what somebody has already stays theirs.
    """
    if target is None and check is None:
        raise InvalidRequest("name a target or a check", hint=_NARROWER)
    pairs = store.assigned(act.connection, target, check)
    if not pairs:
        wanted = " on ".join(part for part in (check or "any check", target) if part)
        raise NotFound(f"this site does not have {wanted}", hint="see: lexops check list")
    done = asked.acknowledge_all(act.connection, pairs, act.operator, reason, act.at)
    return f"{plural(done, 'failing check')} acknowledged"


def _span(minutes: int, longest: timedelta) -> timedelta:
    """How long minutes are; there are numbers of them that no time span holds. Raises InvalidRequest."""
    most = longest // timedelta(minutes=1)
    if not 0 < minutes <= most:
        raise InvalidRequest(f"minutes: {minutes} is not between 1 and {most:,}")
    return timedelta(minutes=minutes)


OPERATIONS = (silence, acknowledge_all, run, acknowledge, downtime, beat)
