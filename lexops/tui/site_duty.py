"""What the console shows of people and incidents: the part of the site's port about who is told and knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection

from lexops.communication import store as notices
from lexops.communication.model import Promise
from lexops.errors import LexOpsError
from lexops.incidents import attachments, links, rows, views, watchers
from lexops.incidents.model import Incident
from lexops.knowledge import matching, similar
from lexops.knowledge import store as articles
from lexops.knowledge.model import Trouble
from lexops.oncall import rotation
from lexops.oncall import store as rotas
from lexops.oncall.model import NO_END
from lexops.outbox import store as outbox
from lexops.outbox.model import Message, MessageView, State, Urgency
from lexops.site import Site
from lexops.sla.view import SoFar
from lexops.tui.duty import (
    ArticleView,
    Course,
    Dossier,
    Duty,
    Known,
    Ladder,
    OwnShift,
    RotaView,
    Rung,
    Work,
)

if TYPE_CHECKING:
    from lexops.escalation.view import RungTold

T = TypeVar("T")

FAILED_FOR = timedelta(days=1)
"""A page that nobody got is told of so long."""
AHEAD = timedelta(days=14)
"""How far one's own shifts are shown."""
MOST = 2_000
"""Messages of a list."""


class SiteDuty:
    """Who is told, who is on call and what is known, as the person of a session may see it."""

    _site: Site
    _asked = False

    def duty(self) -> Duty:
        site, now, unclear = self._site, self._site.clock.now(), list[str]()
        # Runbooks are a word of the checks, and loading these takes a while: the first picture does not wait.
        runbooks = _runbooks(site) if self._asked else {}
        self._asked = True
        me = site.session.operator
        with site.store.read() as connection:

            def ask(call: Callable[[], T], otherwise: T) -> T:
                try:
                    return call()
                except LexOpsError as error:
                    unclear.append(str(error))
                    return otherwise

            watching = watchers.watched(connection)
            nothing: tuple[Promise, ...] = ()
            nobody: tuple[str, ...] = ()
            return Duty(
                ask(lambda: _courses(connection, site, now), {}),
                frozenset(id for id, names in watching.items() if me in names),
                watching,
                views.views(connection, me),
                runbooks,
                ask(lambda: _unmanned(connection, now), nobody),
                _lost_pages(connection, now),
                ask(lambda: tuple(notices.promises(connection, now)), nothing),
                ask(lambda: _month(connection, site, now), None),
                tuple(unclear),
            )

    def dossier(self, incident: int) -> Dossier:
        site, now, unclear = self._site, self._site.clock.now(), list[str]()
        with site.store.read() as connection:
            found = rows.get(connection, incident)
            try:
                ladder = _ladder(connection, site, incident, now)
            except LexOpsError as error:
                ladder = Ladder(str(error), alarming=True)
            try:
                trouble = similar.trouble_of(found, rows.timeline(connection, incident))
                known = _known(connection, site, now, trouble)
            except LexOpsError as error:
                known = Known()
                unclear.append(str(error))
            return Dossier(
                ladder,
                rows.get(connection, found.parent) if found.parent else None,
                tuple(rows.children(connection, incident)),
                links.links(connection, incident),
                attachments.attachments(connection, incident),
                watchers.watchers(connection, incident),
                known,
                self._runbook(found),
                tuple(unclear),
            )

    def _runbook(self, incident: Incident) -> str:
        found = self._site.checks.find(incident.target or "", incident.check or "")
        return found.runnable.check.runbook if found else ""

    def known(self, target: str, check: str) -> Known:
        site, now = self._site, self._site.clock.now()
        found = site.checks.find(target, check)
        with site.store.read() as connection:
            number = rows.open_by_check(connection).get((target, check))
            if number is None:
                title = found.runnable.check.title if found else check
                return _known(connection, site, now, Trouble(title, target, check, f"{target}/{check}"))
            trouble = similar.trouble_of(rows.get(connection, number), rows.timeline(connection, number))
            return _known(connection, site, now, trouble)

    def article(self, name: str) -> ArticleView:
        site = self._site
        with site.store.read() as connection:
            found = articles.get(connection, name)
        after, ids = site.file.settings.knowledge.review_after, _check_ids(site)
        why = matching.staleness(found, site.clock.now(), after, ids)
        return ArticleView(found.value, found.recorded, found.operator, bool(why), why)

    def rotas(self, since: datetime, until: datetime) -> Sequence[RotaView]:
        now = self._site.clock.now()
        with self._site.store.read() as connection:
            book = rotas.book(connection, since=min(since, now) - AHEAD)
            able = frozenset(rotas.able(connection, now))
        return [
            RotaView(
                name,
                rotation.current(book, name).zone,
                rotation.on_call(book, name, now),
                tuple(rotation.shifts(book, name, since, until)),
                rotation.following(book, name, now),
                rotation.current(book, name).title,
                able,
            )
            for name in sorted(book.rotas)
        ]

    def work(self) -> Work:
        now, me = self._site.clock.now(), self._site.session.operator
        with self._site.store.read() as connection:
            book = rotas.book(connection, since=now)
            turns = rotation.turns_of(book, me, now, now + AHEAD)
            promises = notices.promises(connection, now)
            owned = {each.id for each in rows.incidents(connection) if each.owner == me}
        due = (each for each in promises if each.notice.operator == me or each.notice.incident in owned)
        mine = (
            OwnShift(rota, shift if shift.ends < now + AHEAD else replace(shift, ends=NO_END))
            for rota, shift in turns
        )
        return Work(tuple(mine), tuple(due))

    def messages(self, everything: bool) -> Sequence[Message]:
        states = None if everything else (State.WAITING, State.SENDING, State.FAILED)
        with self._site.store.read() as connection:
            return outbox.messages(connection, states=states, limit=MOST)

    def message(self, id: int) -> MessageView:
        with self._site.store.read() as connection:
            return outbox.message(connection, id)


def _month(connection: Connection, site: Site, now: datetime) -> SoFar | None:
    from lexops.sla.months import so_far

    return so_far(connection, site.file, now)


def _courses(connection: Connection, site: Site, now: datetime) -> dict[int, Course]:
    from lexops.escalation.view import courses  # read in a thread, while the first screen is made

    found = courses(connection, site.file, now)
    return {id: Course(each.state, each.who, each.due) for id, each in found.items()}


def _unmanned(connection: Connection, now: datetime) -> tuple[str, ...]:
    """The rotas in use with nobody on call who may act here."""
    book, able = rotas.book(connection, since=now), rotas.able(connection, now)
    return tuple(
        name
        for name in sorted(book.rotas)
        if rotation.gaps(book, name, now, now + timedelta(seconds=1), able)
    )


def _lost_pages(connection: Connection, now: datetime) -> int:
    failed = outbox.messages(connection, states=(State.FAILED,))
    pages = [each for each in failed if each.urgency is Urgency.PAGE]
    return sum(now - (each.ended or each.created) < FAILED_FOR for each in pages)


def _ladder(connection: Connection, site: Site, incident: int, now: datetime) -> Ladder:
    from lexops.escalation.view import ladder_view

    view = ladder_view(connection, site.file, incident, now)
    told = [
        Rung(each.at, each.who, True, each.level, _delivery_words(each), each.failed) for each in view.told
    ]
    coming = [Rung(each.due, each.who, False, each.level, each.note) for each in view.coming]
    return Ladder(view.words, (*told, *coming), view.alarming)


def _delivery_words(rung: RungTold) -> str:
    return "; ".join(part for part in (rung.note, *(each.words for each in rung.deliveries)) if part)


def _known(connection: Connection, site: Site, now: datetime, trouble: Trouble) -> Known:
    answer = similar.similar(connection, site.file, now, trouble)
    helping = similar.helping(connection, site.file, now, trouble, checks=_check_ids(site))
    named = articles.articles(connection, [each.id for each in helping])
    runbooks = dict.fromkeys(name for each in named for name in each.value.runbooks)
    return Known(answer.found, helping, tuple(runbooks), answer.notice)


def _check_ids(site: Site) -> frozenset[str]:
    return frozenset(site.catalogue.checks)


def _runbooks(site: Site) -> dict[str, str]:
    """By check, where it has one."""
    checks = (each.runnable.check for each in site.checks.assigned)
    return {check.id: check.runbook for check in checks if check.runbook}
