"""What people do with escalation policies, and asking for the next rung. A change is a new revision."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from lexops.auth import store as people
from lexops.errors import Refused
from lexops.escalation import notation, store, turning, view
from lexops.escalation.drafting import Known, Wanted, drafted, fits_text
from lexops.escalation.model import Policy
from lexops.escalation.scene import scene
from lexops.incidents import store as incidents
from lexops.incidents.model import Priority
from lexops.oncall import store as rotas
from lexops.operations import Act, Effect, Operation, Privacy, Role, operation
from lexops.operations.common import HistoryReason, IncidentNumber
from lexops.outbox import store as outbox
from lexops.outbox.model import RecipientKind
from lexops.sla import store as promises
from lexops.store import event
from lexops.targets.model import Kind
from lexops.text import plural


@operation("escalation.set", role=Role.ADMINISTRATOR, effect=Effect.CHANGE, critical=True)
def set_(
    act: Act,
    *,
    name: Annotated[str, "dba; small letters, digits and dashes"],
    steps: Annotated[str, "0m rota:dba; 10m rota:dba, operator:ana; 30m level management role:manager"],
    reason: HistoryReason,
    repeat: Annotated[int, "so many times more from the first step on; at most 20"] = 2,
    remind: Annotated[str | None, "ask the owner after so long without a sign: 4h; else never"] = None,
    release: Annotated[str | None, "then, without a sign, it escalates anew: 30m; else never"] = None,
    fallback: Annotated[str | None, "told when a step has nobody, and at the end: role:manager"] = None,
    then: Annotated[str | None, "the policy that goes on at the end"] = None,
    calendar: Annotated[str | None, "whose open time the delays count; else always"] = None,
    priority: Annotated[Priority | None, "only for this priority"] = None,
    client: Annotated[str | None, "only for this client's code", Privacy.PERSONAL] = None,
    provider: Annotated[str | None, "only where this provider has promised to help"] = None,
    queue: Annotated[str | None, "only in this queue"] = None,
    kind: Annotated[Kind | None, "only about targets of this kind"] = None,
    target: Annotated[str | None, "only about this target"] = None,
) -> str:
    """Set who is told, and when.

    Makes the policy, or replaces it: escalations that have begun go on as they began. Of several that fit an
    incident the one that names most wins. Steps tell operator:NAME, rota:NAME (who is on call then),
    role:NAME, channel:NAME, audience:NAME or owner. Look first: lexops escalation try.
    """
    wanted = Wanted(
        name, steps, repeat, remind, release, fallback, then, calendar, priority, client, provider, queue,
        kind, target,
    )  # fmt: skip
    known = _known(act)
    policy = drafted(wanted, known, act.file)
    before = store.policies(act.connection).get(name, [])
    if before and before[-1].value == policy:
        raise Refused(f"{name} is that already")
    revision = store.add(
        act.connection, policy, at=act.at, operator=act.operator, reason=reason, after=len(before)
    )
    event.append(act.connection, act.at, "escalation.set", f"{name} revision {revision.number}")
    said = [
        f"escalation policy {name} revision {revision.number} for {fits_text(policy.fits)}:"
        f" {notation.steps_text(policy.steps)}",
        *_begins(act, policy),
        *_warnings(act, policy, revision.number),
    ]
    return "; ".join(said)


def _known(act: Act) -> Known:
    audiences = {
        owner.name for owner in outbox.all_contacts(act.connection) if owner.kind is RecipientKind.AUDIENCE
    }
    active = [each.name for each in people.operators(act.connection) if each.is_active(act.at)]
    newest, _ = store.newest(act.connection)
    return Known(
        active,
        list(rotas.book(act.connection, since=act.at).rotas),
        audiences,
        list(promises.book(act.connection).calendars),
        newest,
    )


def _begins(act: Act, policy: Policy) -> list[str]:
    """What happens at once because of it."""
    here = scene(act.connection, act.file, act.at)
    known, _ = store.escalations(act.connection)
    looks = [here.look(each) for each in incidents.incidents(act.connection) if each.id not in known]
    begins = [
        each
        for each in looks
        if not (each.is_taken or each.held)
        and (found := here.fitting(each.facts)) is not None
        and found.value.name == policy.name
    ]
    return [f"{plural(len(begins), 'open incident')} that nobody has taken: it begins now"] if begins else []


def _warnings(act: Act, policy: Policy, revision: int) -> list[str]:
    """The rungs that would tell nobody as things stand."""
    here = scene(act.connection, act.file, act.at)
    return [
        f"warning: {each.level}: {each.note}{f'; told: {each.who}' if each.who else ''}"
        for each in view.tried(here, policy, revision).coming
        if each.note
    ]


@operation("escalation.end", role=Role.ADMINISTRATOR, effect=Effect.CHANGE, critical=True)
def end(
    act: Act,
    *,
    name: Annotated[str, "dba; the policy"],
    reason: HistoryReason,
) -> str:
    """End an escalation policy.

    No escalation begins by it any more; those that have begun go on as they began. Its history stays.
    """
    known = store.history(act.connection, name)
    before = known[-1].value
    if before.is_ended:
        raise Refused(f"the escalation policy {name} is ended already")
    newest, _ = store.newest(act.connection)
    using = [each.value.name for each in newest.values() if each.value.then == name and each.value.steps]
    if using:
        hint = f"change it first: lexops escalation set {using[0]}"
        raise Refused(f"the policy {using[0]} goes on with {name}", hint=hint)
    ended = replace(before, steps=())
    store.add(act.connection, ended, at=act.at, operator=act.operator, reason=reason, after=len(known))
    event.append(act.connection, act.at, "escalation.ended", name)
    return f"escalation policy {name} has ended"


@operation("incident.escalate", role=Role.SUPPORT, effect=Effect.CHANGE)
def escalate(
    act: Act,
    *,
    incident: IncidentNumber,
    reason: Annotated[str, "what help is needed", Privacy.PERSONAL],
) -> str:
    """Ask for the next rung now.

    Whoever the escalation policy names next is told at once; who has the incident keeps it.
    """
    here = scene(act.connection, act.file, act.at)
    return f"incident #{incident}: {turning.escalate(here, incident, act.operator, reason)}"


OPERATIONS: tuple[Operation, ...] = (set_, end, escalate)
