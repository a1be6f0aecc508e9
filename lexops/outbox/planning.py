"""Reads what is due and says what is sent now, by which way, and what goes on or waits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from lexops.auth.store import operators
from lexops.config import SiteFile
from lexops.outbox import sending, store
from lexops.outbox.bundling import HOUR, Candidate, Limits, Send, Unit, plan
from lexops.outbox.model import Contact, Habits, Message, Recipient, RecipientKind
from lexops.outbox.progress import placed
from lexops.outbox.quiet import free_from
from lexops.outbox.routing import ENDING, Route, route

_PAGER = "pagerduty"


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be sent, with what decides what comes after it."""

    unit: Unit
    routes: Mapping[int, Route]

    @property
    def channel(self) -> str:
        return self.unit.way.channel


@dataclass(frozen=True, slots=True)
class Planned:
    """What a turn is to do."""

    jobs: tuple[Job, ...] = ()
    """Most important first."""
    moving: tuple[Message, ...] = ()
    """What cannot be tried where it stands, as it is."""
    moved: tuple[Message, ...] = ()
    """The same as it is to be."""
    waits: Mapping[int, datetime] | None = None
    """Until when what is due now has to wait."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """A message that is due, and where it stands on its route."""

    due: sending.Due
    route: Route
    moved: Message | None


def planned(
    connection: Connection, file: SiteFile, flying: Mapping[int, Send], lease: timedelta, now: datetime
) -> Planned:
    """What to do now. `flying` is on its way by this worker, `lease` the longest that any worker may take."""
    due = [each for each in sending.due(connection, now, lease) if each.message.id not in flying]
    if not due:
        return Planned()
    people = _People(connection, {each.message.recipient for each in due}, now)
    standing = [_standing(connection, file, people, each, now) for each in due]
    waits: dict[int, datetime] = {}
    candidates = []
    for each in standing:
        if each.moved is None:
            candidate = _candidate(file, each)
            free = people.free(candidate, now)
            if free > now:
                waits[candidate.message.id] = free
            else:
                candidates.append(candidate)
    sent = [*sending.sends(connection, now - HOUR, now), *flying.values()]
    made = plan(candidates, sent, _limits(file, people), now)
    waits |= made.waits
    before = {each.message.id: each.message.due for each in due}
    routes = {each.due.message.id: each.route for each in standing}
    return Planned(
        tuple(Job(unit, {each.id: routes[each.id] for each in unit.messages}) for unit in made.units),
        tuple(each.due.message for each in standing if each.moved is not None),
        tuple(each.moved for each in standing if each.moved is not None),
        {id: until for id, until in waits.items() if before[id] != until},
    )


def _standing(
    connection: Connection, file: SiteFile, people: _People, due: sending.Due, now: datetime
) -> _Standing:
    message, settings = due.message, file.settings
    ends = message.template in ENDING and not people.has_left(message.recipient)
    carried = sending.carried(connection, message) if ends else ()
    contacts = people.contacts(message.recipient)
    found = route(message, contacts, settings.channels, settings.notify.last_resort, carried)
    if people.has_left(message.recipient):
        found = replace(found, why=f"{message.recipient.name} is no longer an operator")
    done = sending.done(connection, message.id) if found.every else set()
    where = placed(message, found, done, now)
    return _Standing(due, found, None if where is message else where)


def _candidate(file: SiteFile, standing: _Standing) -> Candidate:
    message = standing.due.message
    way = standing.route.ways[message.rank]
    settings = file.settings.channels.get(way.channel)
    pager = settings is not None and settings.kind == _PAGER
    ends = pager and message.template in ENDING
    return Candidate(message, way, standing.due.together, alone=pager, at_once=ends)


def _limits(file: SiteFile, people: _People) -> Limits:
    return Limits(
        file.settings.notify.bundle,
        people.per_hour(),
        {name: settings.per_minute for name, settings in file.settings.channels.items()},
    )


class _People:
    """How those are reached whom a turn is about."""

    def __init__(self, connection: Connection, recipients: Collection[Recipient], now: datetime) -> None:
        self._recipients = recipients
        self._former = {each.name for each in operators(connection) if not each.is_active(now)}
        self._contacts = store.all_contacts(connection, recipients)
        self._habits = store.all_habits(connection, recipients)

    def has_left(self, recipient: Recipient) -> bool:
        """Whether it is a person who is no longer an operator: what the firm says is no longer for them."""
        return recipient.kind is RecipientKind.OPERATOR and recipient.name in self._former

    def contacts(self, recipient: Recipient) -> list[Contact]:
        return [] if self.has_left(recipient) else self._contacts.get(recipient, [])

    def free(self, candidate: Candidate, now: datetime) -> datetime:
        """From when on it may be told: the last resort and a machine that waits know no quiet hours."""
        if candidate.at_once or candidate.way.is_last_resort:
            return now
        message = candidate.message
        return free_from(self._of(message.recipient), message.urgency, message.priority, now)

    def per_hour(self) -> dict[str, int]:
        """How much each gets in an hour; a room, and people outside, have only their channels' limit."""
        people = [each for each in self._recipients if each.kind is RecipientKind.OPERATOR]
        return {str(each): self._of(each).per_hour for each in people}

    def _of(self, recipient: Recipient) -> Habits:
        return self._habits.get(recipient, Habits(recipient))
