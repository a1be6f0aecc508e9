"""What holds for every incident at one look: policies, calendars, who is who, what is silenced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from sqlalchemy import Connection

from lexops.calendars.model import Revision
from lexops.checks import asked
from lexops.config import SiteFile
from lexops.errors import StoreError
from lexops.escalation import store
from lexops.escalation.choosing import Policies, choose
from lexops.escalation.directory import StoreDirectory
from lexops.escalation.ladder import After, open_time
from lexops.escalation.life import Look
from lexops.escalation.model import Fits, Policy
from lexops.incidents import store as incidents
from lexops.incidents.model import Incident, Origin
from lexops.sla import reading
from lexops.sla import store as promises

ALWAYS = "always"
_WATCHED = (Origin.CHECK, Origin.ALERT)
"""Silences are about what is watched: what a person or a client says is not silenced by them."""

Quiet = frozenset[tuple[str, str | None]]


@dataclass
class _Read:
    """What was read so far: for all incidents of one look it is read once."""

    policies: Policies | None = None
    broken: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Scene:
    """Read as far as it is asked for, once for each look."""

    connection: Connection
    file: SiteFile
    now: datetime
    silenced: Quiet
    down: Quiet
    directory: StoreDirectory
    _read: _Read = field(default_factory=_Read)

    @property
    def policies(self) -> Policies:
        """The newest revision of each that can be read."""
        if self._read.policies is None:
            self._read.policies, self._read.broken = store.newest(self.connection)
        return self._read.policies

    @property
    def broken(self) -> Mapping[str, str]:
        """Why other policies cannot be read, as far as they were looked at."""
        return self._read.broken

    @cached_property
    def kinds(self) -> Mapping[str, str]:
        """The kind of each target."""
        return reading.kinds(self.file)

    def through(self, connection: Connection) -> Scene:
        """The same in another transaction."""
        return replace(self, connection=connection, directory=self.directory.through(connection))

    def fitting(self, facts: Fits) -> Revision[Policy] | None:
        """The policy that is for what is so."""
        return choose(self.policies.values(), facts)

    def look(self, incident: Incident) -> Look:
        """An incident as escalation sees it."""
        return Look(incident, self.kinds.get(incident.target or "", ""), self._held(incident))

    def _held(self, incident: Incident) -> str:
        if incident.parent is not None and self._is_open(incident.parent):
            return f"it is listed under #{incident.parent}, which is told of"
        return self.quiet(incident.origin, incident.target or "", incident.check or "")

    def _is_open(self, parent: int) -> bool:
        return any(each.is_open for each in incidents.some(self.connection, [parent]))

    def quiet(self, origin: str, target: str, check: str) -> str:
        """Why nobody is told of what fails there; empty when somebody is."""
        if origin in _WATCHED and target:
            for found, words in ((self.silenced, "silenced"), (self.down, "in downtime")):
                if (target, None) in found:
                    return f"{target} is {words}"
                if (target, check) in found:
                    return f"{check} on {target} is {words}"
        return ""

    def quiet_until(self, incident: Incident) -> datetime | None:
        """When the silences and downtimes end that hold an incident; None when something else holds it."""
        look = self.look(incident)
        if not look.held or look.held != self.quiet(
            incident.origin, incident.target or "", incident.check or ""
        ):
            return None
        until = self.now
        for each in sorted(asked.quiet_spans(self.connection, self.now), key=lambda each: each.starts):
            covers = each.target == incident.target and each.check in ("", incident.check)
            if covers and each.starts <= until:
                until = max(until, each.ends)
        return until

    def after(self, policy: Policy) -> After:
        """How the delays of a policy are counted; a calendar that cannot be read counts as always open."""
        if policy.calendar == ALWAYS:
            return open_time(None)
        try:
            time, _ = promises.book(self.connection).time(policy.calendar, None)
        except (KeyError, StoreError):
            return open_time(None)
        return open_time(time)


def scene(connection: Connection, file: SiteFile, now: datetime) -> Scene:
    """What holds now. Raises StoreError."""
    spans = [each for each in asked.quiet_spans(connection, now) if each.starts <= now]
    pairs: dict[bool, set[tuple[str, str | None]]] = {True: set(), False: set()}
    for each in spans:
        pairs[each.kind == "silence"].add((each.target, each.check or None))
    directory = StoreDirectory(connection, file, now, since=now)
    return Scene(connection, file, now, frozenset(pairs[True]), frozenset(pairs[False]), directory)


def targets(*quiet: Iterable[tuple[str, str | None]]) -> set[str]:
    """The targets of which something is silenced."""
    return {target for each in quiet for target, _ in each}
