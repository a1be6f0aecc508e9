"""What the console shows of people and incidents: who is told, who is on call, what is known. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lexops.communication.model import Promise
from lexops.escalation.model import State
from lexops.incidents.model import Attachment, Incident, Link, SavedView
from lexops.knowledge.model import Article, Found
from lexops.oncall.model import Shift
from lexops.sla.view import SoFar


@dataclass(frozen=True, slots=True)
class Course:
    """How far telling people about an incident has come, for a list."""

    state: State | None = None
    """None: no policy fits, nobody is told."""
    who: str = ""
    """Who is told next: persons where they are known, else what the step names."""
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """What lists and the overview need to know beside the incidents themselves."""

    courses: Mapping[int, Course] = field(default_factory=dict)
    """Of open incidents; one that is missing has none."""
    watched: frozenset[int] = frozenset()
    """Incidents this operator watches."""
    watchers: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """Who watches which incident, by name."""
    views: tuple[SavedView, ...] = ()
    """Filters that this operator may use, by name."""
    runbooks: Mapping[str, str] = field(default_factory=dict)
    """The runbook of a check, where it has one."""
    unmanned: tuple[str, ...] = ()
    """Rotas with nobody on call now."""
    undelivered: int = 0
    """Pages that nobody got, in the last day."""
    promises: tuple[Promise, ...] = ()
    """Updates that were promised and have not come, the next due first."""
    month: SoFar | None = None
    """How promises stand this month; None: nothing was promised."""
    unclear: tuple[str, ...] = ()
    """Why some of it is not known; the rest is."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of the ladder: told, or to be told."""

    at: datetime
    who: str
    told: bool
    level: str = ""
    note: str = ""
    """How it was delivered, or why it goes to the fallback."""
    failed: bool = False
    """It reached nobody."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """Who was told of an incident, and who will be."""

    words: str
    """Where it stands and why, in a sentence."""
    rungs: tuple[Rung, ...] = ()
    """In the order of time."""
    alarming: bool = False
    """Nobody is told, or nobody took it."""


@dataclass(frozen=True, slots=True)
class Known:
    """What helps because it happened before, or because somebody wrote it down."""

    similar: tuple[Found, ...] = ()
    """Incidents, the nearest first, with how each was solved."""
    articles: tuple[Found, ...] = ()
    runbooks: tuple[str, ...] = ()
    remark: str = ""
    """What limits the search; empty when nothing does."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """What belongs to an incident beside its timeline."""

    ladder: Ladder
    parent: Incident | None = None
    children: tuple[Incident, ...] = ()
    links: tuple[Link, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    watchers: tuple[str, ...] = ()
    known: Known = Known()
    runbook: str = ""
    """Of the check it is about."""
    unclear: tuple[str, ...] = ()
    """What could not be read, and why."""


@dataclass(frozen=True, slots=True)
class RotaView:
    """A rota with its shifts over some days."""

    name: str
    zone: str
    """Whose days the strip shows."""
    now: Shift
    shifts: tuple[Shift, ...]
    """They cover the days that were asked for, the first of them begins before or with them."""
    following: Shift | None = None
    """The next one in which somebody serves; None when none is in sight."""
    title: str = ""
    able: frozenset[str] = frozenset()
    """Those of its people who may act here; somebody else in a shift is as good as nobody."""


@dataclass(frozen=True, slots=True)
class OwnShift:
    """A turn of the operator at the console; one that goes on beyond what is looked at ends at NO_END."""

    rota: str
    shift: Shift


@dataclass(frozen=True, slots=True)
class Work:
    """What an operator has to do, beside the incidents that the snapshot knows."""

    shifts: tuple[OwnShift, ...] = ()
    """The next two weeks."""
    promises: tuple[Promise, ...] = ()
    """Updates that this operator promised, or that are due of incidents they own."""


@dataclass(frozen=True, slots=True)
class ArticleView:
    """An article as it stands."""

    article: Article
    changed: datetime
    by: str = ""
    stale: bool = False
    why: str = ""
    """Why it is stale."""
