"""What a real site tells the console of people and incidents."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from lexops.auth.identity import Session
from lexops.communication import store as notices
from lexops.communication.model import Notice, NoticeKind
from lexops.errors import NotFound
from lexops.escalation import store as policies
from lexops.escalation.model import Policy, Step, Who, WhoKind
from lexops.escalation.model import State as CourseState
from lexops.escalation.watch import escalate
from lexops.incidents import operations as incidents
from lexops.knowledge import operations as knowledge
from lexops.oncall import store as rotas
from lexops.oncall.model import NO_END, Layer, Rota, Turn
from lexops.outbox import store as outbox
from lexops.outbox.model import Message, Recipient, Urgency
from lexops.outbox.tables import message_table
from lexops.site import Site
from lexops.store.database import Store
from lexops.tui.site_port import SitePort
from tests.gates import World, world
from tests.tui.conftest import desk


@pytest.fixture
def office(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return world(store, tmp_path, operations=(*incidents.OPERATIONS, *knowledge.OPERATIONS))


def port(office: World, who: str = "sam") -> SitePort:
    session = Session(who, "key", f"{who}'s")
    return SitePort(Site(office.gate.file, office.clock, office.store, office.gate, session))


def settle(office: World) -> int:
    """A rota, a policy, an incident that escalates, a promise, an article and a page that failed."""
    now = office.clock.now()
    steps = (
        Step(0, (Who(WhoKind.ROTA, "dba"),), "level 1"),
        Step(600, (Who(WhoKind.OPERATOR, "mia"),), "level 2"),
    )
    start = (now - timedelta(days=3)).replace(tzinfo=None)
    with office.store.begin() as connection:
        for name, people in (("dba", ("sam",)), ("night", ("gone",))):
            layer = Layer("week", people, Turn.WEEKLY, start)
            rotas.add(connection, Rota(name, "Europe/Vienna", (layer,)), at=now, operator="mia", reason="new")
        policies.add(connection, Policy("all", steps), at=now, operator="ana", reason="new")
        page = Message(
            "k1", "incident/1", Recipient.parse("operator:sam"), "page", {}, Urgency.PAGE, now, now
        )
        outbox.put(connection, page)
        connection.execute(update(message_table).values(state="failed", ended=now, error="refused"))
    office.submit("sam", "incident.open", title="Mail is late", target="wall")
    office.submit("sam", "incident.open", title="Portal is slow")
    office.submit("sam", "incident.watch", incident=1)
    office.submit("sam", "incident.group", incident=2, under=1)
    office.submit("sam", "incident.link", incident=1, to="https://vendor.example/9")
    office.submit("sam", "incident.view", name="late", filter="late")
    office.submit("sam", "article.write", name="mail", title="When mail is late", body="Look at the queue.")
    notice = Notice(
        0, NoticeKind.UPDATE, "partners", "Mail", "We look.", now, "sam", 1, now + timedelta(hours=1)
    )
    with office.store.begin() as connection:
        notices.add(connection, notice)
    escalate(office.store, office.gate.file, office.clock)
    office.clock.advance(minutes=2)
    return 1


def test_what_lists_need_is_read_at_once(office: World) -> None:
    number = settle(office)
    duty = port(office).duty()
    states = {id: course.state for id, course in duty.courses.items()}
    assert states == {number: CourseState.RUNNING, 2: CourseState.HELD}
    assert duty.watched == {number} and [each.name for each in duty.views] == ["late"]
    assert duty.unmanned == ("night",) and duty.undelivered >= 1
    assert [each.notice.audience for each in duty.promises] == ["partners"] and duty.unclear == ()
    assert port(office, "mia").duty().watched == frozenset()


def test_a_dossier_has_what_belongs_to_an_incident(office: World) -> None:
    number = settle(office)
    found = port(office).dossier(number)
    assert found.ladder.words and [rung.told for rung in found.ladder.rungs][:2] == [True, False]
    assert [each.id for each in found.children] == [2] and found.watchers == ("sam",)
    assert [each.ref for each in found.links] == ["https://vendor.example/9"]
    child = port(office).dossier(2)
    assert child.parent and child.parent.id == number
    with pytest.raises(NotFound):
        port(office).dossier(99)


def test_rooms_and_articles_are_read_from_the_store(office: World) -> None:
    settle(office)
    seen, now = port(office), office.clock.now()
    night, dba = sorted(seen.rotas(now, now + timedelta(days=14)), key=lambda each: -len(each.name))
    assert (dba.now.person, dba.zone) == ("sam", "Europe/Vienna") and not night.able & {"gone"}
    assert dba.shifts[0].starts == now and dba.shifts[-1].ends == now + timedelta(days=14)
    # Nobody knows from two weeks of it when it ends.
    assert [(own.rota, own.shift.ends) for own in seen.work().shifts] == [("dba", NO_END)]
    assert len(seen.work().promises) == 1
    assert seen.messages(False)[-1].error == "refused" and len(seen.messages(True)) >= 1
    assert seen.message(seen.messages(False)[-1].id).attempts == ()
    article = seen.article("mail")
    assert article.article.body == "Look at the queue." and not article.stale and article.by == "sam"
    assert seen.known("wall", "host.load").articles == ()


async def test_the_console_shows_the_people_of_a_real_site(office: World) -> None:
    settle(office)
    async with desk(port(office), (170, 50), clock=office.clock) as d:
        assert "nobody is on call: night" in d.screen_text()
        await d.press("3")
        assert [each.id for each in d.list("incidents").rows] == [1] and "▸ 1" in d.screen_text()
        await d.press("a")
        await d.until(lambda: "taken by sam" in d.screen_text())
        await d.press("enter")
        await d.until(lambda: "vendor.example" in d.screen_text())
        assert "LISTED UNDER IT" in d.screen_text() and not d.crashes
