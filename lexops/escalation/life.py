"""What an incident's state means for its escalation. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lexops.checks.model import Status
from lexops.escalation.choosing import facts_of
from lexops.escalation.model import Escalation, Fits, State
from lexops.incidents.model import Incident
from lexops.incidents.model import State as Standing


class Move(StrEnum):
    """What happens to an escalation before its rungs are looked at."""

    NOTHING = "nothing"
    BEGIN = "begin"
    """There is none yet."""
    RENEW = "renew"
    """It begins anew, as the next generation."""
    HOLD = "hold"
    RESUME = "resume"
    TAKE = "take"
    END = "end"


@dataclass(frozen=True, slots=True)
class Look:
    """An incident at a moment, as far as its escalation cares."""

    incident: Incident
    kind: str
    """Of its target."""
    held: str = ""
    """Why nobody may be told for now, in words; empty: nothing is in the way."""
    unheard: bool = False
    """Whether what its escalation told last was called off before anybody got it."""

    @property
    def is_taken(self) -> bool:
        """Whether somebody is on it, or it waits for somebody outside."""
        return self.incident.state in (Standing.ACKNOWLEDGED, Standing.WAITING)

    @property
    def facts(self) -> Fits:
        return facts_of(self.incident, self.kind)

    @property
    def others(self) -> tuple[str, ...]:
        """The facts that say nothing of how bad it is."""
        return (self.incident.client, self.incident.provider, self.incident.queue)


def move(escalation: Escalation | None, look: Look, fitting: str = "") -> Move:
    """What the incident as it is now asks for; `fitting` is the name of the policy that fits it now."""
    if escalation is None:
        return Move.BEGIN if look.incident.is_open else Move.NOTHING
    if not look.incident.is_open:
        return Move.NOTHING if escalation.state is State.OVER else Move.END
    if escalation.state is State.OVER:  # opened again: what is told from now on is of another life
        return Move.RENEW
    if look.is_taken:
        return Move.NOTHING if escalation.state is State.TAKEN else Move.TAKE
    if escalation.state is State.TAKEN:
        return Move.RENEW
    held, anew = escalation.state is State.HELD, is_worse(escalation, look)
    anew = anew or _is_another(escalation, look, fitting)
    if look.held:  # also what everybody was told, when there is more to tell after the silence
        more = anew or look.unheard
        waits = escalation.state is State.RUNNING or (escalation.state is State.EXHAUSTED and more)
        return Move.HOLD if waits else Move.NOTHING
    if anew:
        return Move.RENEW
    if held and escalation.progress.rung is None:
        return Move.RENEW
    return Move.RESUME if held else Move.NOTHING


def is_worse(escalation: Escalation, look: Look) -> bool:
    """Whether it is worse than everything that was known: what comes and goes is told once."""
    known = escalation.progress
    severer = known.severity and look.incident.severity.rank > Status(known.severity).rank
    return bool(severer or (known.priority and look.incident.priority.value < known.priority))


def _is_another(escalation: Escalation, look: Look, fitting: str) -> bool:
    """Whether somebody has said since whose it is, and another policy is for those."""
    known = (escalation.policy.name, *escalation.progress.passed)
    return look.others != escalation.progress.facts and bool(fitting) and fitting not in known


def worst(escalation: Escalation | None, look: Look) -> tuple[str, str]:
    """The worst severity and the highest priority so far, with those of now."""
    severity, priority = look.incident.severity, look.incident.priority.value
    if escalation is None or escalation.state is State.OVER:
        return severity.value, priority
    known = escalation.progress
    if known.severity and Status(known.severity).rank > severity.rank:
        severity = Status(known.severity)
    return severity.value, min(filter(None, (known.priority, priority)))
