"""What belongs to incidents, through the gate: owners, watchers, links, files, views; on either store."""

from __future__ import annotations

import base64
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import select

from lexops.checks.model import Status
from lexops.config import SiteFile
from lexops.errors import InvalidRequest, NotFound, Refused
from lexops.gate.store import request_table
from lexops.incidents import attachments, links, query, rows, views, watchers
from lexops.incidents import store as incidents
from lexops.incidents.belonging_operations import file_name
from lexops.incidents.model import EntryKind, Incident, Level, Priority, Relation, SavedView, State
from lexops.incidents.operations import OPERATIONS
from lexops.operations import Privacy
from lexops.sla import reading
from lexops.sla.model import Happening
from lexops.store.database import Store
from tests.gates import World, paint, world


def make(store: Store, folder: Path) -> World:
    made = world(store, folder, operations=(*OPERATIONS, paint), enrol=False)
    made.submit("sam", "incident.open", title="Portal is slow", client="ACME-1")
    made.submit("sam", "incident.open", title="Bills are late")
    return made


@pytest.fixture
def desk(quick: Store, tmp_path: Path) -> World:
    return make(quick, tmp_path)


@pytest.fixture
def both(store: Store, tmp_path: Path) -> World:
    """On SQLite and on PostgreSQL."""
    return make(store, tmp_path)


def seen(desk: World, number: int = 1) -> Incident:
    with desk.store.read() as connection:
        return incidents.get(connection, number)


def last(desk: World, number: int = 1) -> tuple[EntryKind, str, dict[str, str]]:
    with desk.store.read() as connection:
        entry = incidents.timeline(connection, number)[-1]
    return entry.kind, entry.text, dict(entry.data)


# Having it.


def test_given_to_somebody_it_is_theirs_but_not_taken(both: World) -> None:
    both.submit("sam", "incident.assign", incident=1, owner="bo", reason="you know it")
    assert (seen(both).state, seen(both).owner, seen(both).is_taken) == (State.OPEN, "bo", False)
    assert last(both) == (EntryKind.ASSIGNED, "given to bo: you know it", {"owner": "bo"})
    with pytest.raises(Refused, match="is bo's already"):
        both.submit("sam", "incident.assign", incident=1, owner="bo")
    both.submit("bo", "incident.acknowledge", incident=1)
    assert seen(both).is_taken
    both.submit("bo", "incident.assign", incident=1, owner="mia")
    assert (seen(both).state, seen(both).owner) == (State.OPEN, "mia")
    both.submit("sam", "incident.assign", incident=2, owner="sam")
    assert seen(both, 2).is_taken, "who gives it to themselves has taken it"


def test_given_back_it_is_nobodys_and_the_response_stays_met(both: World) -> None:
    both.submit("sam", "incident.acknowledge", incident=1)
    both.submit("sam", "incident.release", incident=1, reason="shift is over")
    assert (seen(both).state, seen(both).owner) == (State.OPEN, None)
    assert last(both) == (EntryKind.RELEASED, "shift is over", {"owner": "sam"})
    with both.store.read() as connection:
        assert watchers.watchers(connection, 1) == (), "who gives it back does not go on watching"
        told = reading.events(seen(both), incidents.timeline(connection, 1))
    assert [each.kind for each in told] == [Happening.OPENED, Happening.TAKEN]
    with pytest.raises(Refused, match="is nobody's"):
        both.submit("sam", "incident.release", incident=1, reason="again")


@pytest.mark.parametrize(
    ("owner", "error", "said"),
    [("nobody", NotFound, "there is no operator 'nobody'"), ("aud", Refused, "aud is an auditor")],
)
def test_it_is_only_given_to_who_can_work_on_it(
    desk: World, owner: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        desk.submit("sam", "incident.assign", incident=1, owner=owner)
    with pytest.raises(error, match=said):
        desk.submit("sam", "incident.open", title="x", owner=owner)
    assert seen(desk).owner is None


def test_it_can_be_opened_with_all_that_is_known(desk: World) -> None:
    desk.submit(
        "sam",
        "incident.open",
        title="No logins",
        impact="high",
        urgency="high",
        owner="bo",
        watch="mia, ana",
    )
    found = seen(desk, 3)
    assert (found.priority, found.impact, found.urgency) == (Priority.P1, Level.HIGH, Level.HIGH)
    assert (found.owner, found.is_taken) == ("bo", False)
    with desk.store.read() as connection:
        assert watchers.watchers(connection, 3) == ("ana", "mia")
        assert watchers.watched(connection, "mia") == {3: frozenset({"mia"})}
    desk.submit("sam", "incident.open", title="x", impact="high", urgency="high", priority="P4")
    assert seen(desk, 4).priority is Priority.P4, "what somebody names wins"


def test_impact_and_urgency_give_the_priority_later_too(desk: World) -> None:
    desk.submit("sam", "incident.classify", incident=1, impact="high")
    assert (seen(desk).priority, seen(desk).impact) == (Priority.P2, Level.HIGH)
    desk.submit("sam", "incident.classify", incident=1, urgency="high", reason="month end")
    assert seen(desk).priority is Priority.P1
    kind, text, data = last(desk)
    assert (kind, text) == (EntryKind.CLASSIFIED, "priority P1, was P2, urgency high, was none: month end")
    assert data["impact"] == "high" and data["priority"] == "P1"
    desk.submit("sam", "incident.classify", incident=1, urgency="low", priority="P1")
    assert (seen(desk).priority, seen(desk).urgency) == (Priority.P1, Level.LOW)
    with pytest.raises(Refused, match="is that already"):
        desk.submit("sam", "incident.classify", incident=1, urgency="low", priority="P1")


def test_that_it_no_longer_hurts_ends_nothing(desk: World) -> None:
    desk.submit("sam", "incident.acknowledge", incident=1)
    desk.clock.advance(hours=1)
    desk.submit("sam", "incident.mitigate", incident=1, note="restarted every hour", when="10m")
    assert seen(desk).state is State.ACKNOWLEDGED
    assert last(desk)[:2] == (EntryKind.MITIGATED, "restarted every hour")


# Watching, links.


def test_watching_begins_and_ends(desk: World) -> None:
    desk.submit("sam", "incident.watch", incident=1)
    desk.submit("sam", "incident.watch", incident=1, operator="mia")
    with pytest.raises(Refused, match="sam watches incident #1 already"):
        desk.submit("sam", "incident.watch", incident=1)
    desk.submit("sam", "incident.unwatch", incident=1)
    with pytest.raises(Refused, match="sam does not watch"):
        desk.submit("sam", "incident.unwatch", incident=1)
    with desk.store.read() as connection:
        assert watchers.watchers(connection, 1) == ("mia",)
    for wrong in ({"incident": 9}, {"incident": 1, "operator": "nobody"}):
        with pytest.raises(NotFound):
            desk.submit("sam", "incident.watch", **wrong)


def test_links_lead_to_what_is_there(both: World) -> None:
    both.submit("sam", "incident.link", incident=1, to="#2", relation="caused by")
    both.submit("sam", "incident.link", incident=1, to="https://wiki.example.com/a?b=c")
    both.submit("sam", "incident.link", incident=1, to="request:1")
    both.submit("sam", "incident.link", incident=1, to="article:full-disk")
    both.submit("sam", "incident.link", incident=1, to="tracker:jira/OPS-12")
    with both.store.read() as connection:
        found = [(link.kind.value, link.ref, link.relation) for link in links.links(connection, 1)]
    assert found == [
        ("incident", "2", Relation.CAUSE),
        ("url", "https://wiki.example.com/a?b=c", Relation.RELATED),
        ("request", "1", Relation.RELATED),
        ("article", "full-disk", Relation.RELATED),
        ("tracker", "jira/OPS-12", Relation.RELATED),
    ]
    assert last(both)[2] == {"kind": "tracker", "ref": "jira/OPS-12", "relation": "related"}
    both.submit("sam", "incident.unlink", incident=1, to="#2")
    with both.store.read() as connection:
        assert len(links.links(connection, 1)) == 4


@pytest.mark.parametrize(
    ("to", "relation", "error", "said"),
    [
        ("#9", "related", NotFound, "no incident #9"),
        ("#1", "related", Refused, "not linked with itself"),
        ("request:99", "related", NotFound, "no request #99"),
        ("check:wall/nonsense", "related", NotFound, "does not have the check wall/nonsense"),
        ("check:no check", "related", InvalidRequest, "is no check"),
        ("change:x", "related", InvalidRequest, "'x' is no change"),
        ("incident:-1", "related", InvalidRequest, "'-1' is no incident"),
        ("nonsense", "related", InvalidRequest, "names nothing"),
        ("url:javascript:alert(1)", "related", InvalidRequest, "no address"),
        ("https://ana:secret@example.com", "related", InvalidRequest, "kept for everybody"),
        ("https://[half", "related", InvalidRequest, "no address"),
        ("https://x.example/\x1b]0;a", "related", InvalidRequest, "no address"),
        ("https://x.example/" + "a" * 300, "related", InvalidRequest, "more than 300"),
        ("#2", "duplicate of", InvalidRequest, "a duplicate is not only linked"),
        ("article:x", "recurrence of", InvalidRequest, "only an incident"),
    ],
)
def test_links_that_lead_nowhere_are_refused_with_the_reason(
    desk: World, to: str, relation: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        desk.submit("sam", "incident.link", incident=1, to=to, relation=relation)


def test_links_go_in_no_circle(desk: World) -> None:
    desk.submit("sam", "incident.open", title="third")
    desk.submit("sam", "incident.link", incident=1, to="#2", relation="caused by")
    desk.submit("sam", "incident.link", incident=2, to="#3", relation="caused by")
    with pytest.raises(Refused, match="that is a circle"):
        desk.submit("sam", "incident.link", incident=3, to="#1", relation="caused by")
    with pytest.raises(Refused, match="is caused by incident:2 already"):
        desk.submit("sam", "incident.link", incident=1, to="#2", relation="caused by")
    desk.submit("sam", "incident.link", incident=3, to="#1", relation="recurrence of")


# Files.


def attach(desk: World, data: bytes, name: str = "log.txt", number: int = 1, **more: object) -> str:
    given = {"sha256": sha256(data).hexdigest(), "content": base64.b64encode(data).decode()}
    return desk.submit("sam", "incident.attach", incident=number, name=name, **(given | more))


def test_a_file_comes_back_as_it_was_and_its_content_is_on_no_record(both: World) -> None:
    content = bytes(range(256)) * 200 + b"canary-in-the-file"
    assert attach(both, content, "/tmp/../x/slow.log") == "slow.log attached to incident #1 as file 1"
    with both.store.read() as connection:
        (listed,) = attachments.attachments(connection, 1)
        found, back = attachments.get(connection, 1)
        kept = connection.scalars(
            select(request_table.c.arguments).where(request_table.c.operation == "incident.attach")
        ).one()
    assert back == content and listed == found
    assert (found.name, found.size, found.sha256) == ("slow.log", len(content), sha256(content).hexdigest())
    assert kept["content"] == "(secret)" and kept["sha256"] == found.sha256
    assert last(both)[:2] == (EntryKind.ATTACHED, f"file 1: slow.log, {len(content):,} bytes")
    with pytest.raises(Refused, match="with this content already"):
        attach(both, content, "slow.log")
    with pytest.raises(NotFound):
        attach(both, content, number=9)


def test_a_file_has_a_limit_and_so_have_all_of_an_incident(desk: World) -> None:
    settings = desk.gate.file.settings
    little = settings.incidents.model_copy(update={"attachment_limit": 10})
    limited = settings.model_copy(update={"incidents": little})
    desk.gate.file = SiteFile(path=desk.gate.file.path, settings=limited)
    with pytest.raises(InvalidRequest, match="11 bytes are more than 10"):
        attach(desk, b"x" * 11)
    for number in range(10):
        attach(desk, b"x" * 10, f"{number}.txt")
    with pytest.raises(Refused, match="more than 100 bytes"):
        attach(desk, b"x", "last.txt")


def test_a_file_that_was_changed_on_its_way_is_refused(desk: World) -> None:
    with pytest.raises(InvalidRequest, match="not that of the content"):
        attach(desk, b"abc", content=base64.b64encode(b"abd").decode())
    with pytest.raises(InvalidRequest, match="not base64"):
        attach(desk, b"abc", content="*" * 20_000)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\logs\\a.txt", "a.txt"),
        ("a\x1b]0;x\x07b", "a␛]0;x␇b"),
        ("/", ""),
        ("..", ""),
        ("a" * 400, "a" * 200),
    ],
)
def test_a_files_name_does_nothing(given: str, kept: str) -> None:
    if kept:
        assert file_name(given) == kept
    else:
        with pytest.raises(InvalidRequest):
            file_name(given)


def test_no_operation_of_this_room_keeps_a_file_but_the_one_that_seals_nothing() -> None:
    (attach_,) = (each for each in OPERATIONS if each.name == "incident.attach")
    content = next(each for each in attach_.parameters if each.name == "content")
    assert content.privacy is Privacy.SECRET and content.longest > 100_000_000
    assert all(len(each.title) <= 32 for each in OPERATIONS)


# Each other.


def test_grouped_and_alone_again(both: World) -> None:
    both.submit("sam", "incident.group", incident=2, under=1, reason="one cause")
    assert seen(both, 2).parent == 1
    both.submit("sam", "incident.ungroup", incident=2)
    assert seen(both, 2).parent is None
    assert last(both, 2)[:2] == (EntryKind.GROUPED, "no longer listed under #1")


def test_a_duplicate_counts_nowhere_and_merging_takes_the_links_along(both: World) -> None:
    both.submit("sam", "incident.link", incident=2, to="article:full-disk")
    both.submit("sam", "incident.merge", incident=2, into=1, reason="same call")
    assert seen(both, 2).state is State.CANCELLED
    with both.store.read() as connection:
        told = reading.events(seen(both, 2), incidents.timeline(connection, 2))
        mine = reading.events(seen(both), incidents.timeline(connection, 1))
        found = [(link.kind.value, link.ref) for link in links.links(connection, 1)]
    assert told[-1].kind is Happening.CANCELLED
    assert [each.kind for each in mine] == [Happening.OPENED], "to the one that goes on nothing happened"
    assert found == [("article", "full-disk")]
    with pytest.raises(Refused, match="stays a duplicate"):
        both.submit("sam", "incident.unlink", incident=2, to="#1")
    both.submit("sam", "incident.open", title="third")
    both.submit("sam", "incident.duplicate", incident=3, of=1)
    with pytest.raises(Refused, match="no duplicate of itself"):
        both.submit("sam", "incident.duplicate", incident=1, of=1)


def test_a_part_becomes_an_incident_of_its_own(desk: World) -> None:
    desk.submit("sam", "incident.note", incident=1, text="exports fail too")
    with desk.store.read() as connection:
        entry = incidents.timeline(connection, 1)[-1].id
    desk.submit("sam", "incident.split", incident=1, title="Exports fail", entry=entry)
    second = seen(desk, 3)
    assert (second.title, second.client, second.severity) == ("Exports fail", "ACME-1", Status.WARNING)
    assert last(desk, 3)[1] == "split from #1: exports fail too"
    assert last(desk) == (EntryKind.SPLIT, "#3: Exports fail", {"into": "3"})
    with desk.store.read() as connection:
        assert [(link.ref, link.relation) for link in links.links(connection, 3)] == [("1", Relation.SPLIT)]
    with pytest.raises(Refused, match="has no entry 999"):
        desk.submit("sam", "incident.split", incident=1, title="x", entry=999)


# Views.


def test_a_view_is_ones_own_or_everybodys(both: World) -> None:
    both.submit("sam", "incident.view", name="hot", filter="priority:P1,P2 sort:breach")
    both.submit("bo", "incident.view", name="hot", filter="priority:P1", shared=True)
    both.submit("bo", "incident.view", name="cold", filter="age:7d", shared=True)
    with both.store.read() as connection:
        assert views.views(connection, "sam") == (
            SavedView("cold", "", "age:7d"),
            SavedView("hot", "sam", "priority:P1,P2 sort:breach"),
        )
        assert views.view(connection, "bo", "hot") == "priority:P1"
        assert views.view(connection, "bo", "mine") == query.BUILT_IN["mine"]
        with pytest.raises(NotFound, match="no view 'tepid'"):
            views.view(connection, "bo", "tepid")
    both.submit("sam", "incident.view", name="hot", filter="priority:P1")
    both.submit("sam", "incident.unview", name="hot")
    with pytest.raises(NotFound):
        both.submit("sam", "incident.unview", name="hot")


@pytest.mark.parametrize(
    ("name", "filter", "said"),
    [
        ("Hot!", "p", "no name of a view"),
        ("mine", "p", "always there"),
        ("hot", "prio:P1", "prio: is no fact"),
    ],
)
def test_a_view_that_cannot_be_is_refused(desk: World, name: str, filter: str, said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        desk.submit("sam", "incident.view", name=name, filter=filter)


def test_what_is_new_since_a_moment_is_found_for_grouping(desk: World) -> None:
    with desk.store.read() as connection:
        found = rows.fresh(connection, desk.clock.now())
    assert [each.id for each, _ in found] == [1, 2]
