"""Escalation as plain values: what a policy says, and how far it has come with an incident."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class WhoKind(StrEnum):
    """What a step names."""

    OPERATOR = "operator"
    ROTA = "rota"
    """Whoever is on call when the step is done."""
    CHANNEL = "channel"
    AUDIENCE = "audience"
    OWNER = "owner"
    """Who has taken the incident."""
    ROLE = "role"
    """Every active operator of a role: `role:manager`."""


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody a step tells: `rota:dba`, `operator:ana`, `channel:ops`, `role:manager`, `owner`."""

    kind: WhoKind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind.value


@dataclass(frozen=True, slots=True)
class Step:
    """One rung."""

    after: int
    """Seconds since the step before (the first: since the escalation began), of the policy's calendar."""
    tell: tuple[Who, ...]
    level: str = ""
    """What the rung is called: level 1, vendor, management."""


@dataclass(frozen=True, slots=True)
class Fits:
    """For which incidents a policy is; what is empty does not matter. The one that names most wins."""

    priority: str = ""
    client: str = ""
    provider: str = ""
    queue: str = ""
    kind: str = ""
    """Kind of the target: postgresql, host, …"""
    target: str = ""


FACTS = ("target", "client", "provider", "priority", "queue", "kind")
"""By weight, where two policies name equally many."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Who is told, one rung after the other, until somebody takes the incident."""

    name: str
    steps: tuple[Step, ...]
    fits: Fits = Fits()
    calendar: str = "always"
    """Whose open time the delays count: `always`, or a calendar of business hours."""
    repeat: int = 2
    """So many times more from the first rung on; 0: once."""
    remind: int = 0
    """Seconds after taking it at which the owner is asked whether it is still going on; 0: never."""
    release: int = 0
    """Seconds after that question without any sign: it is taken back and escalates anew; 0: never."""
    fallback: tuple[Who, ...] = ()
    """Told when a rung has nobody, and when the last rung is over."""
    then: str = ""
    """The policy that goes on when this one has come to its end."""

    @property
    def is_ended(self) -> bool:
        """Whether no escalation begins by it any more: a revision without steps says so."""
        return not self.steps


class State(StrEnum):
    """Where an escalation stands."""

    RUNNING = "running"
    HELD = "held"
    """Silenced or part of a storm: it begins when that ends and the incident is still open."""
    TAKEN = "taken"
    EXHAUSTED = "exhausted"
    """Every rung and repetition was told, and nobody took it."""
    OVER = "over"
    """The incident has ended."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What an escalation has to remember besides its place on the ladder."""

    severity: str = ""
    """The worst that was considered; only what is worse still begins anew."""
    priority: str = ""
    """The highest that was considered."""
    facts: tuple[str, ...] = ()
    """Those of the incident by which the policy was chosen: client, provider, queue."""
    since: datetime | None = None
    """When this life began: opened, or re-opened."""
    base: int = 0
    """The round in which the policy began: policies that go on one after the other count on."""
    passed: tuple[str, ...] = ()
    """The policies that have come to their end before this one."""
    rung: tuple[int, int] | None = None
    """Round and step of the rung that was told last, in this generation."""
    why: str = ""
    """Why it is held, in words."""
    waits: datetime | None = None
    """While it is held: when the next rung would have been due, or when a promise broke before that."""
    taken: datetime | None = None
    sign: datetime | None = None
    """The owner's last one: an entry in the timeline."""
    asked: datetime | None = None
    """When the owner was asked whether it is still going on; None once there was a sign."""
    reminders: int = 0
    """So many questions so far, in this generation."""
    signals: tuple[str, ...] = ()
    """Warnings and breaches of promises that were told, by their marks."""


@dataclass(frozen=True, slots=True)
class Escalation:
    """How far it has come with one incident."""

    incident: int
    policy: Policy
    """As it was when the escalation began: a later change does not reach it."""
    revision: int
    generation: int
    """Rises when it begins anew: worse, taken back, re-opened, by hand."""
    round: int
    step: int
    """The next rung, in this round."""
    due: datetime | None
    """When; None while nothing is due."""
    state: State
    started: datetime
    """When this generation began."""
    changed: datetime
    """The incident's own `changed` as it was considered last: another one means that something happened."""
    entry: int = 0
    """The newest entry of the incident's timeline that was considered."""
    progress: Progress = Progress()


@dataclass(frozen=True, slots=True)
class Told:
    """A rung that was told."""

    incident: int
    generation: int
    round: int
    step: int
    due: datetime
    at: datetime
    recipients: tuple[str, ...]
    note: str = ""
    """Why the fallback, for example."""
