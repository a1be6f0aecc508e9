"""Who was told of an incident and who will be, as screens and commands show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from lexops.clock import show_moment
from lexops.config import SiteFile
from lexops.escalation import ladder, life, store
from lexops.escalation.addressing import addressed
from lexops.escalation.ladder import Rung
from lexops.escalation.life import Move
from lexops.escalation.model import Escalation, Policy, State, Told
from lexops.escalation.scene import ALWAYS, Scene, scene
from lexops.escalation.store import Unreadable
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind, Incident
from lexops.outbox import store as outbox
from lexops.outbox.facts import subject
from lexops.outbox.model import Message, Recipient, RecipientKind
from lexops.outbox.model import State as Delivery
from lexops.sla.notation import duration

UNFIT = "nobody is told: no escalation policy fits"
MOST = 2_000
"""Messages of one incident that are looked through."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of one message of a rung."""

    recipient: Recipient
    state: Delivery
    words: str


@dataclass(frozen=True, slots=True)
class RungTold:
    """A rung that was told."""

    at: datetime
    due: datetime
    generation: int
    level: str
    who: str
    """By name, as it was resolved then; empty when nobody could be told."""
    note: str
    deliveries: tuple[Delivered, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether it reached nobody: nobody was there, or every message failed."""
        states = {each.state for each in self.deliveries}
        return not self.who or (Delivery.FAILED in states and states <= {Delivery.FAILED, Delivery.CANCELLED})


@dataclass(frozen=True, slots=True)
class RungNext:
    """A rung that comes, if nobody takes the incident before."""

    due: datetime
    level: str
    who: str
    """By name, as it stands now: who is on call may change until then."""
    note: str
    """Who of it cannot be told, and why."""


@dataclass(frozen=True, slots=True)
class LadderView:
    """How far telling people has come with an incident."""

    incident: int
    state: State | None
    """None while nothing has begun."""
    words: str
    """Where it stands and why, in a sentence; empty when it is over and nobody was told."""
    alarming: bool = False
    """Nobody is told though there are policies, or everybody was told and nobody took it."""
    policy: str = ""
    revision: int = 0
    generation: int = 0
    told: tuple[RungTold, ...] = ()
    coming: tuple[RungNext, ...] = ()


@dataclass(frozen=True, slots=True)
class Course:
    """The same for a list: where it stands, and who is next."""

    state: State | None
    """None: no policy fits."""
    who: str = ""
    due: datetime | None = None


def ladder_view(connection: Connection, file: SiteFile, incident: int, now: datetime) -> LadderView:
    """Who was told of an incident and who will be, and why. Raises NotFound or StoreError."""
    known = incidents.get(connection, incident)
    here = scene(connection, file, now)
    rungs = tuple(_told(connection, file, incident))
    try:
        escalation = store.escalation(connection, incident)
    except Unreadable as error:
        return LadderView(incident, None, str(error), alarming=True, told=rungs)
    if escalation is None:
        return _unbegun(here, known, rungs)
    escalation = _as_now(here, known, escalation)
    coming = _coming(here, known, escalation)
    words = _words(here, known, escalation, coming)
    return LadderView(
        incident,
        escalation.state,
        words,
        escalation.state is State.EXHAUSTED,
        escalation.policy.name,
        escalation.revision,
        escalation.generation,
        rungs,
        coming,
    )


def _unbegun(here: Scene, known: Incident, told: tuple[RungTold, ...]) -> LadderView:
    if not known.is_open:
        return LadderView(known.id, None, "", told=told)
    look = here.look(known)
    fitting = here.fitting(look.facts)
    if fitting is None:
        return LadderView(known.id, None, UNFIT, bool(here.policies) and not look.is_taken, told=told)
    begins = f"the policy {fitting.value.name} begins as soon as a worker looks"
    return LadderView(known.id, None, begins, False, fitting.value.name, fitting.number, told=told)


def _as_now(here: Scene, known: Incident, kept: Escalation) -> Escalation:
    """With what became of the incident since a worker looked: then nobody is told, whatever was to come."""
    look = here.look(known)
    match life.move(kept, look):
        case Move.END:
            return replace(kept, state=State.OVER, due=None)
        case Move.TAKE:
            return replace(kept, state=State.TAKEN, due=None)
        case Move.HOLD:
            progress = replace(kept.progress, why=look.held, waits=kept.due)
            return replace(kept, state=State.HELD, due=None, progress=progress)
    return kept


def delays(policy: Policy) -> str:
    """Of what time the delays of a policy are: `elapsed time`, or `open time of london`."""
    return "elapsed time" if policy.calendar == ALWAYS else f"open time of {policy.calendar}"


def _told(connection: Connection, file: SiteFile, incident: int) -> Iterable[RungTold]:
    names = {
        tuple(entry.data.get(part, "") for part in ("generation", "round", "step")): entry.text
        for entry in incidents.entries_of(connection, incident, (EntryKind.TOLD,))
        if "step" in entry.data
    }
    messages = outbox.messages(connection, subject=subject(incident), limit=MOST)
    for row in store.told(connection, incident):
        place = (str(row.generation), str(row.round), str(row.step))
        level = names.get(place, f"level {row.step + 1}").partition(":")[0].partition(" (due")[0]
        yield RungTold(
            row.at, row.due, row.generation, level, named(row), row.note, _deliveries(file, row, messages)
        )


def named(row: Told) -> str:
    """Who was told, by name."""
    return ", ".join(_name(Recipient.parse(each)) for each in row.recipients)


def _name(recipient: Recipient) -> str:
    is_person = recipient.kind is RecipientKind.OPERATOR
    return recipient.name if is_person else f"{recipient.kind} {recipient.name}"


def _deliveries(file: SiteFile, row: Told, messages: Iterable[Message]) -> tuple[Delivered, ...]:
    prefix = f"escalation/{row.incident}/{row.generation}/{row.round}/{row.step}/"
    found = (each for each in messages if each.key.startswith(prefix))
    return tuple(
        Delivered(each.recipient, each.state, delivery_words(file, each))
        for each in sorted(found, key=lambda each: each.id)
    )


def delivery_words(file: SiteFile, message: Message) -> str:
    """What became of a message: `ana: delivered 2026-11-22 02:10:04 CET`."""
    when = f" {show_moment(message.ended, file.zone)}" if message.ended else ""
    why = f", {message.error}" if message.error and message.state is not Delivery.DELIVERED else ""
    return f"{_name(message.recipient)}: {message.state}{when}{why}"


def _coming(here: Scene, known: Incident, escalation: Escalation) -> tuple[RungNext, ...]:
    if escalation.state is State.HELD:
        escalation = _released(here, known, escalation)
    if escalation.state is not State.RUNNING:
        return ()
    rungs = ladder.ahead(escalation, here.after(escalation.policy))
    return tuple(_next(here, known.owner or "", escalation.policy, rung) for rung in rungs)


def _released(here: Scene, known: Incident, held: Escalation) -> Escalation:
    """As it goes on when the silence ends, if it still fails and nothing else happens; else as it is."""
    until, waits = here.quiet_until(known), held.progress.waits
    if until is None:
        return held
    running = replace(held, state=State.RUNNING)
    if held.progress.rung is None or life.is_worse(held, here.look(known)):
        return ladder.start(running, until, here.after(held.policy))
    return replace(running, due=max(waits, until)) if waits else held


def _next(here: Scene, owner: str, policy: Policy, rung: Rung) -> RungNext:
    """Whom a rung would tell; who is on call is asked of the moment in which it is due."""
    directory = replace(here.directory, now=max(rung.due, here.now))
    found = addressed(rung.tell, owner, directory)
    if not found.reached and policy.fallback:
        instead = addressed(policy.fallback, owner, directory)
        return RungNext(rung.due, rung.name, instead.words, "; ".join((*found.missing, "so the fallback")))
    return RungNext(rung.due, rung.name, found.words, "; ".join(found.missing))


def _words(here: Scene, known: Incident, now: Escalation, coming: tuple[RungNext, ...]) -> str:
    policy = now.policy.name
    match now.state:
        case State.HELD:
            why = f"nobody is told for now: {now.progress.why or here.look(known).held}"
            until = here.quiet_until(known)
            return f"{why} until {show_moment(until, here.file.zone)}" if until else why
        case State.TAKEN:
            return _taken_words(here, known, now)
        case State.EXHAUSTED:
            return f"everybody was told, and nobody took it: the policy {policy} is exhausted"
        case State.OVER:
            return f"over; the policy was {policy}"
    if not coming:
        return f"every rung of {policy} was told; {_after_all(here, now)}"
    first = coming[0]
    when = show_moment(first.due, here.file.zone) if first.due > here.now else "now"
    note = f" ({first.note})" if first.note else ""
    return f"next, {when}: {first.level}, {first.who or 'nobody'}{note}; {_reason(now)}"


def _taken_words(here: Scene, known: Incident, now: Escalation) -> str:
    taken = f"taken by {known.owner}: nobody else is told" if known.owner else "it waits: nobody is told"
    if now.due is None or not known.owner:
        return taken
    when = show_moment(now.due, here.file.zone)
    if now.progress.asked is None:
        return f"{taken}; without a sign {known.owner} is asked {when} whether it is still going on"
    asked = f"{taken}; asked {show_moment(now.progress.asked, here.file.zone)}"
    return f"{asked}, and without a sign it escalates anew {when}" if now.policy.release else asked


def _after_all(here: Scene, now: Escalation) -> str:
    when = show_moment(now.due, here.file.zone) if now.due else "now"
    return f"{when} {f'the policy {now.policy.then} goes on' if now.policy.then else 'it is exhausted'}"


def _reason(now: Escalation) -> str:
    """Policy, rung and delay: `policy dba, rung 2 of 3, 10m of elapsed time after the one before`."""
    policy, local = now.policy, now.round - now.progress.base
    if local > policy.repeat:
        return f"policy {policy.name}, the fallback after {local} rounds"
    turn = f", round {local + 1} of {policy.repeat + 1}" if local else ""
    delay = policy.steps[now.step].after
    first = now.progress.rung is None and now.step == 0
    waits = f"{duration(delay if now.step or first else max(delay, ladder.LEAST))} of {delays(policy)}"
    after = "the beginning" if first else "the one before"
    return f"policy {policy.name}, rung {now.step + 1} of {len(policy.steps)}{turn}, {waits} after {after}"


def courses(connection: Connection, file: SiteFile, now: datetime) -> Mapping[int, Course]:
    """How telling people stands with each open incident for which a policy is. Raises StoreError."""
    if not store.is_used(connection):
        return {}
    here = scene(connection, file, now)
    found, broken = store.escalations(connection)
    known = {each.id: each for each in incidents.some(connection, found)}
    courses = {id: Course(State.EXHAUSTED) for id in broken}
    for id, escalation in found.items():
        first = ladder.here(escalation) if escalation.state is State.RUNNING else None
        who = addressed(first[0], known[id].owner or "", here.directory) if first else None
        names = ", ".join(_name(each.recipient) for each in who.reached) if who else ""
        due = escalation.due if escalation.state is State.RUNNING else None
        courses[id] = Course(escalation.state, names, due)
    return courses


@dataclass(frozen=True, slots=True)
class Unroutable:
    """An open incident of which nobody is told, and why."""

    incident: Incident
    why: str


def unroutable(connection: Connection, file: SiteFile, now: datetime) -> list[Unroutable]:
    """Open incidents that nobody has taken and nobody is told of, but those that are held on purpose.

    Raises StoreError.
    """
    here = scene(connection, file, now)
    known, broken = store.escalations(connection)
    found = []
    for incident in incidents.incidents(connection):
        look, escalation = here.look(incident), known.get(incident.id)
        if look.is_taken or look.held:
            continue
        if incident.id in broken:
            found.append(Unroutable(incident, str(broken[incident.id])))
        elif escalation is None and here.fitting(look.facts) is None:
            found.append(Unroutable(incident, "no escalation policy fits"))
        elif escalation is not None and escalation.state is State.EXHAUSTED:
            why = f"everybody was told: the policy {escalation.policy.name} is exhausted"
            found.append(Unroutable(incident, why))
    return found


@dataclass(frozen=True, slots=True)
class Tried:
    """Whom a policy would tell of an incident that begins now, and when."""

    policy: Policy
    revision: int
    coming: tuple[RungNext, ...]


def tried(here: Scene, policy: Policy, revision: int, owner: str = "", *, again: bool = False) -> Tried:
    """The rungs of a policy as if an incident began now; with `again` the repetitions too."""
    begun = Escalation(0, policy, revision, 1, 0, 0, None, State.RUNNING, here.now, here.now)
    running = ladder.start(begun, here.now, here.after(policy))
    rungs = ladder.ahead(running, here.after(policy))
    shown = [each for each in rungs if again or each.round == 0 or each.name == ladder.FALLBACK]
    return Tried(policy, revision, tuple(_next(here, owner, policy, rung) for rung in shown))
