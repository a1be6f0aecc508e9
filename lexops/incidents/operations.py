"""What people do with incidents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from lexops.auth import store as people
from lexops.checks import asked, presence
from lexops.checks.model import Status
from lexops.clock import show_moment
from lexops.errors import InvalidRequest, Refused
from lexops.incidents import matrix, store, watchers
from lexops.incidents.belonging_operations import OPERATIONS as BELONGING
from lexops.incidents.belonging_operations import active
from lexops.incidents.grouping import OWN
from lexops.incidents.model import EntryKind, Level, Opening, Priority
from lexops.operations import Act, Effect, Privacy, Role, operation
from lexops.operations.common import IncidentNumber, Since, When
from lexops.operations.moments import past
from lexops.text import one_line

CODE = r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}"
"""Of a client, a provider, a queue."""


class Severity(StrEnum):
    """How bad an incident opened by hand is."""

    WARNING = "warning"
    CRITICAL = "critical"


@operation("incident.open", role=Role.SUPPORT, effect=Effect.CHANGE)
def open_(
    act: Act,
    *,
    title: Annotated[str, "what is wrong, in one line", Privacy.PERSONAL],
    severity: Annotated[Severity, "how bad it is"] = Severity.WARNING,
    target: Annotated[str | None, "the target it is about"] = None,
    priority: Annotated[
        Priority | None, "what comes first; else of impact and urgency, else severity"
    ] = None,
    client: Annotated[str | None, "the client's code; no name", Privacy.PERSONAL] = None,
    provider: Annotated[str | None, "who outside has promised to help"] = None,
    queue: Annotated[str | None, "whose it is: a team, a topic"] = None,
    impact: Annotated[Level | None, "how much is hit"] = None,
    urgency: Annotated[Level | None, "how soon it hurts"] = None,
    owner: Annotated[str | None, "to whom it is given", Privacy.PERSONAL] = None,
    watch: Annotated[str | None, "who is told of what happens: ana,bo", Privacy.PERSONAL] = None,
) -> str:
    """Open an incident by hand."""
    level = Status(severity.value.upper())
    line = one_line(title, 200)
    targets = act.file.settings.targets
    if target and target not in (*targets, OWN):
        hint = f"there are: {', '.join(sorted((*targets, OWN)))}"
        raise InvalidRequest(f"target: there is no target {target!r}", hint=hint)
    known = targets.get(target or "")
    wanted = priority or matrix.priority(impact, urgency)
    facts = _facts(act, wanted, client, provider or (known.provider if known else None), queue)
    told = [active(act, name.strip()) for name in (watch or "").split(",") if name.strip()]
    taker = owner_for(act, owner) if owner else None
    print_ = store.by_hand(act.request.key)
    number = store.open_(
        act.connection,
        Opening(
            print_,
            line,
            level,
            act.at,
            act.operator,
            line,
            target,
            impact=impact,
            urgency=urgency,
            facts=facts,
        ),
    )
    watchers.add_all(act.connection, number, told)
    if taker:
        _give(act, number, taker)
    return f"incident #{number} opened"


def owner_for(act: Act, name: str) -> str:
    """The name of somebody who may have an incident. Raises NotFound or Refused."""
    found = active(act, name)
    if people.get(act.connection, found).role is Role.AUDITOR:
        raise Refused(f"{name} is an auditor, who only looks")
    return found


def _give(act: Act, incident: int, owner: str, reason: str = "") -> None:
    """Whoever gives an incident to themselves has taken it."""
    if owner == act.operator:
        _take(act, incident)
    else:
        store.assign(act.connection, incident, act.at, act.operator, owner, reason)


def _take(act: Act, incident: int) -> None:
    taken = store.acknowledge(act.connection, incident, act.at, act.operator)
    if taken.target and taken.check:
        asked.acknowledge(
            act.connection, taken.target, taken.check, act.operator, f"incident #{incident}", act.at
        )


def _facts(
    act: Act, priority: Priority | None, client: str | None, provider: str | None, queue: str | None
) -> dict[str, str]:
    """The facts that are given. Raises InvalidRequest."""
    if provider and provider not in act.file.settings.providers:
        known = ", ".join(act.file.settings.providers) or "none; declare one: [providers.NAME] in lexops.toml"
        raise InvalidRequest(f"provider: there is no provider {provider!r}", hint=f"there are: {known}")
    given = {"client": client, "provider": provider, "queue": queue}
    for name, value in given.items():
        if value and not re.fullmatch(CODE, value):
            raise InvalidRequest(f"{name}: {value!r} is no code", hint="letters, digits, . _ -, at most 40")
    found = {name: value for name, value in given.items() if value is not None}
    return found | ({"priority": priority.value} if priority else {})


@operation("incident.acknowledge", role=Role.SUPPORT, effect=Effect.CHANGE)
def acknowledge(act: Act, *, incident: IncidentNumber) -> str:
    """Take an incident.

    You are on it, and everybody sees that.
    """
    _take(act, incident)
    return f"incident #{incident} acknowledged by {act.operator}"


@operation("incident.assign", role=Role.SUPPORT, effect=Effect.CHANGE)
def assign(
    act: Act,
    *,
    incident: IncidentNumber,
    owner: Annotated[str, "to whom", Privacy.PERSONAL],
    reason: Annotated[str | None, "why, or what is known", Privacy.PERSONAL] = None,
) -> str:
    """Give an incident to somebody.

    Until they take it, it is asked for as if nobody had it. Given to yourself, it is taken.
    """
    found = owner_for(act, owner)
    _give(act, incident, found, reason or "")
    return f"incident #{incident} is {found}'s"


@operation("incident.release", role=Role.SUPPORT, effect=Effect.CHANGE)
def release(
    act: Act,
    *,
    incident: IncidentNumber,
    reason: Annotated[str, "why, and how far it is", Privacy.PERSONAL],
) -> str:
    """Give an incident back.

    It is nobody's, and is asked for as if it had just begun.
    """
    was = store.release(act.connection, incident, act.at, act.operator, reason)
    return f"incident #{incident} is no longer {was.owner}'s"


@operation("incident.note", role=Role.SUPPORT, effect=Effect.CHANGE)
def note(
    act: Act,
    *,
    incident: IncidentNumber,
    text: Annotated[str, "what you found or did; no client data", Privacy.PERSONAL],
) -> str:
    """Note on an incident."""
    store.note(act.connection, incident, act.at, act.operator, text)
    return f"noted on incident #{incident}"


@operation("incident.resolve", role=Role.SUPPORT, effect=Effect.CHANGE)
def resolve(
    act: Act,
    *,
    incident: IncidentNumber,
    note: Annotated[str, "what ended it", Privacy.PERSONAL],
    when: When = None,
) -> str:
    """End an incident."""
    at = _past(act, incident, "when", when)
    store.resolve(act.connection, incident, at, act.operator, note, act.at)
    return f"incident #{incident} resolved"


@operation("incident.classify", role=Role.SUPPORT, effect=Effect.CHANGE)
def classify(
    act: Act,
    *,
    incident: IncidentNumber,
    priority: Annotated[Priority | None, "what comes first"] = None,
    client: Annotated[str | None, "the client's code; - for none", Privacy.PERSONAL] = None,
    provider: Annotated[str | None, "who outside has promised to help; - for nobody"] = None,
    queue: Annotated[str | None, "whose it is: a team, a topic; - for nobody's"] = None,
    impact: Annotated[Level | None, "how much is hit"] = None,
    urgency: Annotated[Level | None, "how soon it hurts"] = None,
    reason: Annotated[str | None, "why", Privacy.PERSONAL] = None,
) -> str:
    """Classify an incident.

    Its priority, client, provider and queue decide what was promised; its clocks follow. Impact and urgency
    give the priority, unless you name it. Raised, it is asked for anew, unless it is you who have it.
    """
    given = {"client": client, "provider": provider, "queue": queue}
    emptied = {name: "" for name, value in given.items() if value == "-"}
    kept = {name: value for name, value in given.items() if value != "-"}
    levels = {"impact": impact, "urgency": urgency}
    wanted = priority or _from_matrix(act, incident, levels)
    facts = _facts(act, wanted, kept.get("client"), kept.get("provider"), kept.get("queue")) | emptied
    facts |= {name: level.value for name, level in levels.items() if level}
    if not facts:
        raise InvalidRequest("name what changes: priority, client, provider, queue, impact or urgency")
    store.classify(act.connection, incident, act.at, act.operator, facts, reason or "")
    told = ", ".join(f"{name} {value or 'none'}" for name, value in facts.items())
    return f"incident #{incident}: {told}"


def _from_matrix(act: Act, incident: int, levels: Mapping[str, Level | None]) -> Priority | None:
    """The priority of impact and urgency together with what is known of them; None when neither is given."""
    if not any(levels.values()):
        return None
    known = store.get(act.connection, incident)
    return matrix.priority(levels["impact"] or known.impact, levels["urgency"] or known.urgency)


@operation("incident.mitigate", role=Role.SUPPORT, effect=Effect.CHANGE)
def mitigate(
    act: Act,
    *,
    incident: IncidentNumber,
    note: Annotated[str, "what helps for now", Privacy.PERSONAL],
    when: When = None,
) -> str:
    """Note that it no longer hurts.

    It is not mended yet: it stays open and its clocks run.
    """
    at = _past(act, incident, "when", when)
    store.mitigate(act.connection, incident, at, act.operator, note, act.at)
    return f"noted on incident #{incident}: it no longer hurts"


@operation("incident.pause", role=Role.SUPPORT, effect=Effect.CHANGE)
def pause(
    act: Act,
    *,
    incident: IncidentNumber,
    reason: Annotated[str, "for whom and what it waits", Privacy.PERSONAL],
    since: Since = None,
) -> str:
    """Wait for the client.

    Clocks wait too, where the contract says so; to the client nothing is due meanwhile.
    """
    store.pause(act.connection, incident, _past(act, incident, "since", since), act.operator, reason, act.at)
    return f"incident #{incident} waits"


@operation("incident.resume", role=Role.SUPPORT, effect=Effect.CHANGE)
def resume(
    act: Act,
    *,
    incident: IncidentNumber,
    note: Annotated[str | None, "what came", Privacy.PERSONAL] = None,
    since: Since = None,
) -> str:
    """Go on after waiting."""
    at = _past(act, incident, "since", since)
    store.resume(act.connection, incident, at, act.operator, note or "goes on", act.at)
    return f"incident #{incident} goes on"


@operation("incident.asked", role=Role.SUPPORT, effect=Effect.CHANGE)
def asked_(
    act: Act,
    *,
    incident: IncidentNumber,
    text: Annotated[str, "what the client wants to know; no client data", Privacy.PERSONAL],
    when: When = None,
) -> str:
    """Note a client's question.

    An answer is due from then on, where the contract says so.
    """
    at = _past(act, incident, "when", when)
    store.tell(act.connection, incident, EntryKind.ASKED, at, act.operator, text, act.at)
    return f"noted on incident #{incident}: the client waits for an answer"


@operation("incident.answer", role=Role.SUPPORT, effect=Effect.CHANGE)
def answer(
    act: Act,
    *,
    incident: IncidentNumber,
    text: Annotated[str, "what the client was told; no client data", Privacy.PERSONAL],
    when: When = None,
) -> str:
    """Note an answer to the client."""
    at = _past(act, incident, "when", when)
    store.tell(act.connection, incident, EntryKind.ANSWERED, at, act.operator, text, act.at)
    return f"noted on incident #{incident}: the client was answered"


@operation("incident.reopen", role=Role.SUPPORT, effect=Effect.CHANGE)
def reopen(
    act: Act,
    *,
    incident: IncidentNumber,
    reason: Annotated[str, "why it is not over", Privacy.PERSONAL],
) -> str:
    """Re-open an incident.

    Its clock goes on; the time in which it was resolved does not count.
    """
    store.reopen(act.connection, incident, act.at, act.operator, reason)
    return f"incident #{incident} is open again"


@operation("incident.cancel", role=Role.SUPPORT, effect=Effect.CHANGE)
def cancel(
    act: Act,
    *,
    incident: IncidentNumber,
    reason: Annotated[str, "no fault, or a duplicate of which", Privacy.PERSONAL],
) -> str:
    """Cancel an incident.

    It was none, or is another one; it counts in no report.
    """
    store.cancel(act.connection, incident, act.at, act.operator, reason)
    return f"incident #{incident} cancelled"


def _past(act: Act, incident: int, name: str, text: str | None) -> datetime:
    """When something happened to an incident that is told now. Raises InvalidRequest or NotFound."""
    if not text:
        return act.at
    opened = store.get(act.connection, incident).opened
    found = past(act, name, text)
    if found < opened:
        raise InvalidRequest(f"{name}: incident #{incident} was opened {show_moment(opened, act.file.zone)}")
    return found


UNWATCHED = "no-worker"
"""Key of the alarm that nobody watches."""


@operation("incident.unwatched", role=Role.SUPPORT, effect=Effect.CHANGE)
def unwatched(act: Act) -> str:
    """Tell that nobody watches.

    Opens one incident when no worker is alive.
    """
    if presence.is_worker_alive(act.connection, act.at):
        raise Refused("a worker is alive", hint="see: lexops status")
    store.alarm(act.connection, UNWATCHED, "Nobody watches: no worker is alive", act.at)
    return f"incident #{store.alarmed(act.connection, UNWATCHED)}: nobody watches"


OPERATIONS = (
    open_,
    acknowledge,
    assign,
    release,
    mitigate,
    *BELONGING,
    note,
    resolve,
    classify,
    pause,
    resume,
    asked_,
    answer,
    reopen,
    cancel,
    unwatched,
)
