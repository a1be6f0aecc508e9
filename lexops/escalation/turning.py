"""One look at one incident, in one transaction: what its state asks for, what is due, what others say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from lexops.calendars.model import Revision
from lexops.clock import show_duration, show_moment
from lexops.errors import Refused
from lexops.escalation import ladder, life, store, telling
from lexops.escalation.addressing import addressed
from lexops.escalation.ladder import Rung
from lexops.escalation.life import Look, Move
from lexops.escalation.model import Escalation, Policy, Progress, State, Told
from lexops.escalation.scene import Scene
from lexops.escalation.store import Signal, Unreadable
from lexops.escalation.telling import Words
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind, Incident
from lexops.incidents.model import State as Standing
from lexops.outbox import store as outbox
from lexops.outbox.facts import subject
from lexops.outbox.model import Message, Recipient, RecipientKind, Urgency
from lexops.outbox.model import State as Delivery
from lexops.outbox.routing import ENDING
from lexops.store import event

LATE = timedelta(minutes=2)
"""A page that was on its way when the incident ended has arrived by then, or has not: who got one is told
of the end after all."""


def turn(scene: Scene, id: int, signals: Sequence[Signal] = ()) -> bool:
    """Do what is to be done with one incident now, and keep how far it has come.

    False while somebody else has the incident: then nothing was done, and the signals were not heard. Raises
    NotFound, Unreadable when what is kept of it cannot be used, and StoreError.
    """
    if not store.lock(scene.connection, id):
        incidents.get(scene.connection, id)  # what is gone is not to be come back to
        return False
    before = store.escalation(scene.connection, id)
    look = scene.look(incidents.get(scene.connection, id))
    now = _moved(scene, look, before)
    if now is None:
        return True
    now = _signs(scene, look, replace(now, changed=look.incident.changed))
    for signal in signals:
        now = _signalled(scene, look, now, signal)
    store.keep(scene.connection, _due(scene, look, now), new=before is None)
    return True


def renew(scene: Scene, id: int, broken: Unreadable) -> None:
    """Begin anew where what is kept cannot be read; everybody sees that."""
    if not store.lock(scene.connection, id):
        return
    incidents.alarm(scene.connection, f"escalation:{id}", f"{broken}; it begins anew", scene.now)
    look = scene.look(incidents.get(scene.connection, id))
    fitting = scene.fitting(look.facts)
    if fitting is not None:
        begun = _begun(scene, look, None, fitting)
        store.keep(scene.connection, replace(begun, generation=broken.generation + 1), new=False)
    else:
        store.forget(scene.connection, id)


# What the state of the incident asks for.


def _moved(scene: Scene, look: Look, before: Escalation | None) -> Escalation | None:
    fitting = scene.fitting(look.facts)
    if look.held and before is not None and before.state is State.EXHAUSTED:
        look = replace(look, unheard=_is_unheard(scene, before))
    move = life.move(before, look, fitting.value.name if fitting else "")
    match move, before:
        case ((Move.BEGIN | Move.RENEW), _):
            if fitting is None and before is not None:
                # Its policy has ended meanwhile: better that than none.
                fitting = Revision(before.policy, before.revision, before.started, False, "", "")
            return _begun(scene, look, before, fitting) if fitting is not None else None
        case Move.TAKE, Escalation() as known:
            return _taken(scene, look, known)
        case Move.HOLD, Escalation() as known:
            outbox.cancel(scene.connection, subject(known.incident), scene.now, look.held)
            progress = replace(known.progress, why=look.held, waits=known.due)
            if _is_unheard(scene, known):  # as if it had not begun: its page is owed when the silence ends
                progress = replace(progress, rung=None)
            return replace(known, state=State.HELD, due=None, progress=progress)
        case Move.RESUME, Escalation() as known:
            progress = replace(known.progress, why="", waits=None)
            if known.progress.waits is None:  # everybody had been told
                return replace(known, state=State.EXHAUSTED, progress=progress)
            due = max(known.progress.waits, scene.now)
            return replace(known, state=State.RUNNING, due=due, progress=progress)
        case Move.END, Escalation() as known:
            return _ended(scene, look, known)
    return before


def _is_unheard(scene: Scene, known: Escalation) -> bool:
    """Whether every page of the last rung was called off, and none has arrived all the same."""
    put = _pages(scene, known)
    return bool(put) and all(
        page.state is Delivery.CANCELLED
        and not any(each.delivered for each in outbox.attempts(scene.connection, page.id))
        for page in put
    )


def _begun(scene: Scene, look: Look, before: Escalation | None, fitting: Revision[Policy]) -> Escalation:
    """The first generation, or the next one.

    It counts from when the incident became so, also when nobody looked then; but from no earlier than its
    policy was entered, and after a silence from now.
    """
    begins = min(scene.now, max(look.incident.changed, fitting.recorded))
    if before is not None and before.state is State.HELD:
        begins = scene.now
    if before is not None:  # that somebody has it, or that it is over, is true no more
        why, notice = "it goes on", Urgency.NOTICE
        outbox.cancel(scene.connection, subject(before.incident), scene.now, why, notice, ENDING)
    severity, priority = life.worst(before, look)
    again = before is not None and before.state is not State.OVER
    known = before.progress if again and before else Progress(since=begins)
    progress = Progress(
        severity=severity,
        priority=priority,
        facts=look.others,
        since=known.since,
        signals=known.signals,
        why=look.held,
    )
    begun = Escalation(
        incident=look.incident.id,
        policy=fitting.value,
        revision=fitting.number,
        generation=before.generation + 1 if before else 1,
        round=0,
        step=0,
        due=None,
        state=State.RUNNING,
        started=begins,
        changed=look.incident.changed,
        entry=before.entry if before else 0,
        progress=progress,
    )
    if look.is_taken:
        return _taken(scene, look, begun)
    if look.held:
        return replace(begun, state=State.HELD)
    running = ladder.start(begun, begins, scene.after(fitting.value))
    if before is not None and before.state is State.RUNNING and before.due is not None:
        # It got worse, or is somebody else's: that never makes anybody wait longer.
        assert running.due is not None
        return replace(running, due=min(running.due, max(before.due, scene.now)))
    return running


def _taken(scene: Scene, look: Look, known: Escalation) -> Escalation:
    """Nothing more is told; the rooms and services that were told hear who has it."""
    incident, owner = look.incident, look.incident.owner or ""
    outbox.cancel(
        scene.connection, subject(incident.id), scene.now, f"taken by {owner}" if owner else "waits"
    )
    since = known.progress.since
    rooms = [
        each
        for each in outbox.told(scene.connection, subject(incident.id), since)
        if each.kind is RecipientKind.CHANNEL
    ]
    if owner:
        words = Words(telling.TAKEN, more={"by": owner})
        telling.put_all(scene, incident, known, rooms, words, Urgency.NOTICE, "taken", known.entry)
    progress = replace(known.progress, taken=scene.now, sign=scene.now, asked=None, why="")
    return _reminding(scene, replace(known, state=State.TAKEN, progress=progress))


def _reminding(scene: Scene, known: Escalation) -> Escalation:
    """The owner is asked so long after the last sign."""
    sign = known.progress.sign
    remind = known.policy.remind
    due = scene.after(known.policy)(sign, remind) if remind and sign is not None else None
    return replace(known, due=due, progress=replace(known.progress, asked=None))


def _ended(scene: Scene, look: Look, known: Escalation) -> Escalation:
    outbox.cancel(scene.connection, subject(known.incident), scene.now, look.incident.state.value)
    over = replace(known, state=State.OVER, due=scene.now + LATE)
    _tell_of_end(scene, look.incident, over)
    return over


def _tell_of_end(scene: Scene, incident: Incident, over: Escalation) -> None:
    """Only those who were told that it fails hear that it does no more; who ended it knows."""
    told = outbox.told(scene.connection, subject(incident.id), over.progress.since)
    _, entries = store.news(scene.connection, incident.id, 0)
    ends = (EntryKind.RESOLVED, EntryKind.CANCELLED)
    by = [author for _, author, kind in entries if kind in ends]
    knows = Recipient(RecipientKind.OPERATOR, by[-1]) if by and by[-1] != incidents.LEXOPS else None
    words = Words(telling.RESOLVED, more={"by": by[-1] if by else ""})
    wanted = [each for each in dict.fromkeys([*told, *_unheard(scene, incident)]) if each != knows]
    telling.put_all(scene, incident, over, wanted, words, Urgency.NOTICE, "resolved")


def _unheard(scene: Scene, incident: Incident) -> list[Recipient]:
    """Who was to hear that it is over, and did not because it was opened again."""
    put = outbox.messages(scene.connection, subject=subject(incident.id), limit=None)
    last = {each.recipient: each for each in reversed(put) if each.template == telling.RESOLVED}
    return [recipient for recipient, each in last.items() if each.state is Delivery.CANCELLED]


# What people wrote since.


def _signs(scene: Scene, look: Look, known: Escalation) -> Escalation:
    """Whatever an operator writes is a sign that somebody is on it; who is given it is told."""
    newest, entries = store.news(scene.connection, known.incident, known.entry)
    if newest == known.entry:
        return known
    people = {each.name for each in scene.directory.operators()}
    signs = [at for at, author, _ in entries if author in people]
    known = replace(known, entry=newest)
    owner = look.incident.owner
    given = [author for _, author, kind in entries if kind == EntryKind.ASSIGNED and author != owner]
    if given and owner and known.state in (State.RUNNING, State.EXHAUSTED):
        words = Words(telling.PAGE, f"given to you by {given[-1]}", {"by": given[-1]})
        person = Recipient(RecipientKind.OPERATOR, owner)
        telling.put_all(scene, look.incident, known, [person], words, Urgency.PAGE, "given", newest)
    if signs and known.state is State.TAKEN:
        sign = max(min(max(signs), scene.now), known.progress.sign or scene.now)
        known = _reminding(scene, replace(known, progress=replace(known.progress, sign=sign)))
    return known


# What is due.


def _due(scene: Scene, look: Look, now: Escalation) -> Escalation:
    if now.due is None or now.due > scene.now:
        return now
    match now.state:
        case State.RUNNING:
            return _climbed(scene, look.incident, now)
        case State.TAKEN:
            return _asked(scene, look, now)
        case State.OVER:
            _tell_of_end(scene, look.incident, now)
            return replace(now, due=None)
    return now


def _climbed(scene: Scene, incident: Incident, now: Escalation, words: Words | None = None) -> Escalation:
    """Tell every rung that is due; after the last one the next policy goes on, or nobody is left."""
    if ladder.is_spent(now):
        now = _followed(scene, incident, now)
        if now.state is not State.RUNNING:
            return now
    climbed = ladder.climb(now, scene.now, scene.after(now.policy))
    if not climbed.rungs:
        return climbed.after
    if telling.tell(scene, incident, now, climbed.rungs, words):
        return climbed.after
    return _hurried(scene, climbed.after)


def _hurried(scene: Scene, now: Escalation) -> Escalation:
    """The next rung at once; a next round not at once, so that what fails does not race through all."""
    soon = scene.now if now.step else scene.now + timedelta(seconds=ladder.LEAST)
    return ladder.hurry(now, soon)


def _followed(scene: Scene, incident: Incident, now: Escalation) -> Escalation:
    """The policy that goes on after this one, or the end of the ladder."""
    then = scene.policies.get(now.policy.then)
    gone = (*now.progress.passed, now.policy.name)
    if then is not None and not then.value.is_ended and then.value.name not in gone:
        going = ladder.go_on(now, then.value, then.number, scene.after(then.value))
        text = f"nobody took it: the policy {then.value.name} goes on after {now.policy.name}"
        incidents.add_entry(scene.connection, incident.id, scene.now, EntryKind.TOLD, incidents.LEXOPS, text)
        return going
    text = f"everybody was told, and nobody took it: the policy {now.policy.name} is exhausted"
    data = {"exhausted": str(now.generation)}
    incidents.add_entry(
        scene.connection, incident.id, scene.now, EntryKind.TOLD, incidents.LEXOPS, text, data
    )
    event.append(scene.connection, scene.now, store.EXHAUSTED, f"#{incident.id}", {"policy": now.policy.name})
    return replace(now, state=State.EXHAUSTED, due=None)


def _asked(scene: Scene, look: Look, now: Escalation) -> Escalation:
    """Is the owner still on it? Who gave no sign after being asked loses it."""
    incident, progress, policy = look.incident, now.progress, now.policy
    after = scene.after(policy)
    if incident.state is Standing.WAITING:  # for somebody outside: there is nothing to ask
        return replace(now, due=after(scene.now, policy.remind))
    if progress.asked is not None and policy.release:
        return _lost(scene, incident, now)
    owner = incident.owner or ""
    reminders = progress.reminders + 1
    due = after(scene.now, policy.release or policy.remind)
    until = {"due": show_moment(due, scene.file.zone)} if policy.release else {}
    question = Words(
        telling.REMINDER, "you have it; without a sign it escalates anew" if until else "", until
    )
    urgency = Urgency.PAGE if policy.release else Urgency.NOTICE
    person = Recipient(RecipientKind.OPERATOR, owner)
    telling.put_all(scene, incident, now, [person], question, urgency, "reminder", reminders)
    text = f"{owner} was asked whether it is still going on"
    incidents.add_entry(scene.connection, incident.id, scene.now, EntryKind.TOLD, incidents.LEXOPS, text)
    progress = replace(progress, asked=scene.now, reminders=reminders)
    return replace(now, due=due, progress=progress)


def _lost(scene: Scene, incident: Incident, now: Escalation) -> Escalation:
    """Taken back from an owner who gave no sign; it escalates anew at once."""
    owner = incident.owner or ""
    why = f"{owner} gave no sign for {show_duration(scene.now - (now.progress.sign or scene.now))}"
    incidents.release(scene.connection, incident.id, scene.now, incidents.LEXOPS, why)
    words = Words(telling.RELEASED, why, {"by": owner})
    person = Recipient(RecipientKind.OPERATOR, owner)
    telling.put_all(scene, incident, now, [person], words, Urgency.NOTICE, "released", now.entry)
    look = scene.look(incidents.get(scene.connection, incident.id))
    renewed = _moved(scene, look, now)
    assert renewed is not None
    return _due(scene, look, renewed)


# What others say.


def _signalled(scene: Scene, look: Look, now: Escalation, signal: Signal) -> Escalation:
    if signal.kind == outbox.FAILED:
        return _failed(scene, now)
    if signal.mark in now.progress.signals:
        return now
    if now.progress.since is not None and signal.at < now.progress.since:
        return now  # of an earlier life of the incident
    if now.state is State.OVER and signal.at <= (look.incident.resolved or look.incident.changed):
        return now  # it ended meanwhile; what is said later is of a clock that outlives it, as the law's does
    marks = (*now.progress.signals, signal.mark)
    now = replace(now, progress=replace(now.progress, signals=marks))
    breached = signal.kind == store.BREACH
    if now.state is State.HELD:
        return _sooner(now, scene.now) if breached else now
    words = Words(
        telling.BREACH if breached else telling.WARNING,
        f"the {signal.clock} promise {'is broken' if breached else 'runs out'}",
        {
            "clock": signal.clock,
            "due": _shown(scene, signal),
            "link": f"lexops sla explain {look.incident.id}",
        },
    )
    if not breached:
        _notify(scene, look.incident, now, _at_it(scene, look.incident, now), words, Urgency.NOTICE, signal)
        return now
    owner = _owner(look.incident) if now.state is State.TAKEN else []
    _notify(scene, look.incident, now, owner, words, Urgency.PAGE, signal)
    if now.state in (State.EXHAUSTED, State.OVER) or ladder.is_spent(now):
        wanted = addressed(now.policy.fallback, look.incident.owner or "", scene.directory)
        told = [each.recipient for each in wanted.reached] or _at_it(scene, look.incident, now)
        _notify(scene, look.incident, now, told, words, Urgency.PAGE, signal)
        return now
    return push(scene, look.incident, now, words)


def _sooner(held: Escalation, at: datetime) -> Escalation:
    """A promise that breaks while nobody may be told: the next rung once somebody may, however far off."""
    waits = held.progress.waits
    return replace(held, progress=replace(held.progress, waits=waits and min(waits, at)))


def push(scene: Scene, incident: Incident, now: Escalation, words: Words) -> Escalation:
    """Tell the next rung now, whoever has the incident; the ones after it count from now.

    What is due already, because nobody has looked since, is told instead, and counts from when it was due.
    """
    found = ladder.here(now)
    if found is None:
        return now
    if now.state is State.RUNNING and now.due is not None and now.due <= scene.now:
        return _climbed(scene, incident, now, words)
    telling.tell(scene, incident, now, [Rung(now.round, now.step, *found, scene.now)], words)
    passed = ladder.passed(replace(now, due=scene.now), scene.after(now.policy))
    if now.state is State.HELD:  # the rungs after the one that was asked for wait for the end of that
        return replace(passed, due=None, progress=replace(passed.progress, waits=passed.due))
    return passed if now.state is State.RUNNING else replace(passed, due=now.due)


def _shown(scene: Scene, signal: Signal) -> str:
    try:
        due = datetime.fromisoformat(str((signal.data or {}).get("due", "")))
    except ValueError:
        return ""
    return show_moment(due, scene.file.zone)


def _notify(
    scene: Scene,
    incident: Incident,
    now: Escalation,
    wanted: Sequence[Recipient],
    words: Words,
    urgency: Urgency,
    signal: Signal,
) -> None:
    reached = [each for each in wanted if not scene.directory.unreachable(each)]
    told = telling.put_all(scene, incident, now, reached, words, urgency, "sla", signal.mark)
    if told:
        text = f"{words.why}: {', '.join(each.name for each in told)}"
        incidents.add_entry(scene.connection, incident.id, scene.now, EntryKind.TOLD, incidents.LEXOPS, text)


def _owner(incident: Incident) -> list[Recipient]:
    return [Recipient(RecipientKind.OPERATOR, incident.owner)] if incident.owner else []


def _at_it(scene: Scene, incident: Incident, now: Escalation) -> list[Recipient]:
    """Who has it, or had it in the end; where nobody has, those whom the last rung told."""
    if now.state is State.TAKEN or (now.state is State.OVER and incident.owner):
        return _owner(incident)
    last = _last_told(scene, now)
    return [Recipient.parse(each) for each in last.recipients] if last else []


def _last_told(scene: Scene, now: Escalation) -> Told | None:
    known = store.told(scene.connection, now.incident, now.generation)
    return next((each for each in known if (each.round, each.step) == now.progress.rung), None)


def _failed(scene: Scene, now: Escalation) -> Escalation:
    """Nobody got the page of the last rung: the next one at once."""
    if now.state is not State.RUNNING:
        return now
    put = _pages(scene, now)
    states = {each.state for each in put}
    if not put or not all(each.is_over for each in states) or Delivery.DELIVERED in states:
        return now
    return _hurried(scene, now) if Delivery.FAILED in states else now


def _pages(scene: Scene, now: Escalation) -> list[Message]:
    """The pages of the rung that was told last, in this generation."""
    if now.progress.rung is None:
        return []
    prefix = f"{telling.key(now, *now.progress.rung)}/"
    return outbox.messages(scene.connection, subject=subject(now.incident), key_prefix=prefix)


# By hand.


def escalate(scene: Scene, id: int, operator: str, reason: str) -> str:
    """Tell the next rung now, because somebody asks for it; answers who was told.

    Raises NotFound, or Refused when there is nobody to tell.
    """
    incident = incidents.get(scene.connection, id, lock=True)
    if not incident.is_open:
        raise Refused(f"incident #{id} is {incident.state}")
    before = store.escalation(scene.connection, id)
    look = scene.look(incident)
    now = _moved(scene, look, before)
    if now is None:
        hint = "set one with: lexops escalation set"
        raise Refused(f"no escalation policy fits incident #{id}", hint=hint)
    words = Words(telling.PAGE, f"{operator} asks for help", {"by": operator})
    if ladder.is_spent(now) or now.state is State.EXHAUSTED:
        now = _again(scene, look, now)
    text = f"asks for the next rung: {reason}"
    incidents.change(scene.connection, id, scene.now)
    incidents.add_entry(scene.connection, id, scene.now, EntryKind.ESCALATED, operator, text)
    now = _signs(scene, look, replace(now, changed=scene.now))
    now = push(scene, incident, now, words)
    store.keep(scene.connection, now, new=before is None)
    rung, last = now.progress.rung, _last_told(scene, now)
    name = ladder.here(replace(now, round=rung[0], step=rung[1])) if rung else None
    assert name is not None
    told = ", ".join(Recipient.parse(each).name for each in last.recipients) if last else ""
    return f"{name[1]}: {told or 'nobody could be told'}{f' ({last.note})' if last and last.note else ''}"


def _again(scene: Scene, look: Look, now: Escalation) -> Escalation:
    """From the first rung on, as the next generation; who has it keeps it, and what is held stays so."""
    begun = ladder.start(replace(now, generation=now.generation + 1), scene.now, scene.after(now.policy))
    if now.state is State.EXHAUSTED and look.held:
        return replace(begun, state=State.HELD, due=None, progress=replace(begun.progress, why=look.held))
    if now.state is State.EXHAUSTED:
        return replace(begun, state=State.RUNNING)
    return replace(begun, due=begun.due if now.state is State.RUNNING else now.due)
