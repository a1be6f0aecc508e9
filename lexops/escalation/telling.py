"""Telling people: rungs become messages, one for each person, and lines of the timeline.

Everything happens in the caller's transaction, in which the incident is locked: a rung and its messages are
there together or not at all, so each is told exactly once whichever worker dies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lexops.clock import show_moment
from lexops.escalation import store
from lexops.escalation.addressing import Addressed, Reached, addressed
from lexops.escalation.ladder import LEAST, Rung
from lexops.escalation.model import Escalation, Told, Who, WhoKind
from lexops.escalation.scene import Scene
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind, Incident
from lexops.outbox import store as outbox
from lexops.outbox.facts import incident_values, subject
from lexops.outbox.model import Message, Recipient, RecipientKind, Urgency
from lexops.store import event

PAGE, AGAIN, REMINDER, RELEASED = "page", "page-again", "reminder", "released"
RESOLVED, TAKEN = "resolved", "taken"
WARNING, BREACH = "warning", "breach"


@dataclass(frozen=True, slots=True)
class Words:
    """What a message says besides the incident."""

    template: str
    why: str = ""
    more: Mapping[str, str] | None = None
    """Further values of the template."""


def key(escalation: Escalation, *rest: object) -> str:
    """The key of a message: the same is never put twice."""
    return "/".join(map(str, ("escalation", escalation.incident, escalation.generation, *rest)))


def tell(
    scene: Scene,
    incident: Incident,
    escalation: Escalation,
    rungs: Sequence[Rung],
    words: Words | None = None,
) -> bool:
    """Tell what is due, each person once; False when nobody at all could be told.

    What is told of several rungs at once goes out as one message of the highest one that names the person.
    """
    pages: dict[Recipient, tuple[Rung, Reached]] = {}
    anybody = False
    for rung in rungs:
        found, note = _whom(scene, incident, escalation, rung)
        names = tuple(str(each.recipient) for each in found.reached)
        row = Told(
            incident.id, escalation.generation, rung.round, rung.step, rung.due, scene.now, names, note
        )
        if not store.claim(scene.connection, row):
            anybody = True  # another worker has told it; the key says so
            continue
        pages.update({each.recipient: (rung, each) for each in found.reached})
        anybody = anybody or bool(found.reached)
        _write(scene, incident, escalation, rung, found, note, words)
    for recipient, (rung, each) in pages.items():
        put(
            scene,
            incident,
            recipient,
            key(escalation, rung.round, rung.step, recipient),
            words or Words(AGAIN if rung.round else PAGE, each.why),
            Urgency.PAGE,
            rung.name,
        )
    return anybody


def _whom(scene: Scene, incident: Incident, escalation: Escalation, rung: Rung) -> tuple[Addressed, str]:
    """Whom a rung tells now, and what has to be said of that: nobody is left out silently."""
    owner = incident.owner or ""
    tell: tuple[Who, ...] = rung.tell
    given = owner and not incident.is_taken  # whoever it was given to is asked for until they take it
    if given and Who(WhoKind.OWNER) not in tell:
        tell = (Who(WhoKind.OWNER), *tell)
    found = addressed(tell, owner, scene.directory)
    notes = list(found.missing)
    if not found.reached and escalation.policy.fallback:
        instead = addressed(escalation.policy.fallback, owner, scene.directory)
        notes += [*instead.missing, *(["told instead: the fallback"] if instead.reached else [])]
        found = instead
    if not found.reached:
        resort = _last_resort(scene)
        notes += ["told instead: the last resort"] if resort else ["nobody could be told"]
        found = Addressed(resort)
    return found, "; ".join(dict.fromkeys(notes))


def _last_resort(scene: Scene) -> tuple[Reached, ...]:
    """The first channel of `[notify] last_resort`; the outbox goes on to the others when it fails."""
    for line in scene.file.settings.notify.last_resort:
        channel = line.split()[0] if line.strip() else ""
        if channel in scene.file.settings.channels:
            return (Reached(Recipient(RecipientKind.CHANNEL, channel), "last resort"),)
    return ()


def _write(
    scene: Scene,
    incident: Incident,
    escalation: Escalation,
    rung: Rung,
    found: Addressed,
    note: str,
    words: Words | None,
) -> None:
    told = found.words or "nobody"
    late = (scene.now - rung.due).total_seconds() >= LEAST
    when = f" (due {show_moment(rung.due, scene.file.zone)})" if late else ""
    because = f" because {words.why}" if words and words.why else ""
    text = f"{rung.name}{when}: {told}{because}{'; ' if note else ''}{note}"
    data = {
        "generation": str(escalation.generation),
        "round": str(rung.round),
        "step": str(rung.step),
        "policy": escalation.policy.name,
    }
    incidents.add_entry(
        scene.connection, incident.id, scene.now, EntryKind.TOLD, incidents.LEXOPS, text, data
    )
    if not found.reached:
        event.append(scene.connection, scene.now, store.NOBODY, f"#{incident.id}", {"text": text})


def put(
    scene: Scene,
    incident: Incident,
    recipient: Recipient,
    known_as: str,
    words: Words,
    urgency: Urgency,
    level: str = "",
) -> bool:
    """One message about an incident; False when it was put before."""
    values = incident_values(
        incident,
        zone=scene.file.zone,
        titles=scene.file.settings.notify.titles,
        why=words.why,
        level=level,
    )
    return outbox.put(
        scene.connection,
        Message(
            key=known_as,
            subject=subject(incident.id),
            recipient=recipient,
            template=words.template,
            values=values | dict(words.more or {}),
            urgency=urgency,
            created=scene.now,
            due=scene.now,
            priority=incident.priority.value,
        ),
    )


def put_all(
    scene: Scene,
    incident: Incident,
    escalation: Escalation,
    recipients: Iterable[Recipient],
    words: Words,
    urgency: Urgency,
    *mark: object,
) -> list[Recipient]:
    """The same message to several; answers to whom it was not put before."""
    return [
        each
        for each in recipients
        if put(scene, incident, each, key(escalation, *mark, each), words, urgency)
    ]
