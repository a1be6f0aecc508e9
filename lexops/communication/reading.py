"""Reads what drafts and statuses are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from lexops.auth import store as people
from lexops.communication import drafting, sending, store, templates
from lexops.communication.actions import actions
from lexops.communication.model import Notice, NoticeKind
from lexops.communication.postmortem import Postmortem, Source, for_clients, for_colleagues
from lexops.communication.standing import Standing, standing_of
from lexops.communication.store import Wanted
from lexops.config import SiteFile
from lexops.errors import InvalidRequest, NotFound
from lexops.incidents import store as incidents
from lexops.incidents.model import Incident
from lexops.sla import reading as promises
from lexops.text import one_line, plural

_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Draft:
    """Words for an audience, and the name of the text they come from."""

    name: str
    text: str


def descriptions(file: SiteFile) -> dict[str, str]:
    """What each target is, in the words of the site's file."""
    return {name: target.description for name, target in file.settings.targets.items()}


def draft(
    connection: Connection,
    file: SiteFile,
    id: int,
    template: str | None,
    now: datetime,
    text: str = drafting.UNWRITTEN,
    promised: datetime | None = None,
    *,
    complete: bool = False,
) -> Draft:
    """A text of the incident, with its variables filled in; the fitting one, where none is named.

    `complete`: it is about to be sent. Raises NotFound, ConfigError for a text that is wrong, InvalidRequest
    for one that says what is not known yet.
    """
    incident, entries = incidents.get(connection, id), incidents.timeline(connection, id)
    name = template or drafting.fitting(incident, entries)
    source = templates.read(file, name)
    hit = drafting.affected(_hit(connection, incident), descriptions(file))
    known = drafting.values(incident, entries, hit, file.settings.site.name, file.zone, now, text, promised)
    filled = drafting.fill(f"text {name!r}", source, known)
    missing = drafting.unfilled(source, known) if complete else []
    if missing:
        raise InvalidRequest(
            f"template: {name!r} says ${missing[0]}, and that is not known",
            hint=f"for incident #{id} fits: {drafting.fitting(incident, entries)}; $next needs a promise",
        )
    return Draft(name, filled)


def _hit(connection: Connection, incident: Incident) -> list[str]:
    """The targets that are hit: its own, and those of what is listed under it."""
    return [each.target for each in (incident, *incidents.children(connection, incident.id)) if each.target]


def audiences(notices: Sequence[Notice]) -> list[str]:
    """Who was told something, by name."""
    return sorted({notice.audience for notice in notices})


def only_audience(notices: Sequence[Notice], wanted: str | None) -> str:
    """The audience that is meant. Raises InvalidRequest when several were told and none is named.

    What one of them was told is not for the others.
    """
    known = audiences(notices)
    if wanted is None and len(known) > 1:
        told = ", ".join(known)
        raise InvalidRequest(
            f"{plural(len(known), 'audience')} were told different things: {told}",
            hint="name one with --audience; what one was told is not for the others",
        )
    return wanted if wanted is not None else next(iter(known), "")


def _check_audience(connection: Connection, file: SiteFile, name: str) -> None:
    """A name that was mistyped is not to be taken for one that has nothing to hear of. Raises NotFound."""
    known = audiences(store.notices(connection))
    if name and name not in known and sending.unreachable(connection, file, name):
        raise NotFound(
            f"there is no audience {one_line(name, 60)!r}",
            hint=f"told so far: {', '.join(known)}" if known else "see: lexops contact set --help",
        )


def standing(connection: Connection, file: SiteFile, audience: str | None, at: datetime) -> Standing:
    """How things stood at a moment for an audience; without a name for the only one there is.

    Raises NotFound, InvalidRequest.
    """
    _check_audience(connection, file, audience or "")
    told = store.notices(connection)
    told = [each for each in told if each.kind is not NoticeKind.STATUS and each.at <= at]
    whom = only_audience(told, audience)
    open_ = incidents.between(connection, at, at + _MOMENT)
    of = {each.incident for each in told if each.audience == whom}
    known = [each for each in open_ if each.id in of]
    timelines = incidents.timelines(connection, (each.id for each in known))
    settings = file.settings.site
    return standing_of(settings.name, file.zone.key, whom, at, told, known, timelines)


def report(
    connection: Connection, file: SiteFile, id: int, now: datetime, audience: str | None = None
) -> Postmortem:
    """The report after an incident: for colleagues, or for an audience. Raises NotFound, StoreError."""
    _check_audience(connection, file, audience or "")
    source = Source(
        site=file.settings.site.name,
        zone=file.zone,
        ticket=promises.ticket(connection, file, id, now),
        entries=incidents.timeline(connection, id),
        children=incidents.children(connection, id),
        actions=actions(connection, id),
        updates=updates(connection, id),
        descriptions=descriptions(file),
        roles={each.name: str(each.role) for each in people.operators(connection)},
        now=now,
    )
    return for_colleagues(source) if audience is None else for_clients(source, audience)


def updates(connection: Connection, incident: int) -> list[Notice]:
    """What was told of an incident, the newest first."""
    return store.notices(connection, Wanted(NoticeKind.UPDATE, incident=incident))
