"""Articles through the gate: written, made of incidents, reviewed and retired; every change a revision."""

from __future__ import annotations

from pathlib import Path

import pytest

from lexops.checks.model import Status
from lexops.errors import InvalidRequest, NotFound, Refused
from lexops.gate.model import State
from lexops.incidents import links
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind, Link, LinkKind, Opening, Origin, Relation
from lexops.knowledge import store as articles
from lexops.knowledge.model import Article, Standing
from lexops.knowledge.operations import OPERATIONS
from lexops.knowledge.promoting import name_from
from lexops.store.database import Store
from tests.gates import World, world
from tests.races import at_once
from tests.stores import sqlite_store

DISK = {"name": "full-disk", "title": "Disk is full", "body": "Look *first*."}
LAG = "postgresql.replication-lag"


@pytest.fixture
def firm(tmp_path: Path) -> World:
    return world(sqlite_store(tmp_path), tmp_path, operations=OPERATIONS, enrol=False)


@pytest.fixture
def both(store: Store, tmp_path: Path) -> World:
    return world(store, tmp_path, operations=OPERATIONS, enrol=False)


def ask(firm: World, verb: str, /, who: str = "sam", **arguments: object) -> str:
    return firm.submit(who, f"article.{verb}", **arguments)


def now(firm: World, name: str = "full-disk") -> Article:
    with firm.store.read() as connection:
        return articles.get(connection, name).value


def history(firm: World, name: str = "full-disk") -> list[tuple[int, str, str]]:
    with firm.store.read() as connection:
        return [(each.number, each.operator, each.reason) for each in articles.history(connection, name)]


def incident(firm: World, title: str = "Standby lags behind", solved: str = "") -> int:
    at = firm.clock.now()
    with firm.store.begin() as connection:
        opening = Opening(
            f"db/{LAG}", title, Status.CRITICAL, at, incidents.LEXOPS, "lag of 14 min", "db", LAG
        )
        number = incidents.open_(connection, opening)
        incidents.note(connection, number, at, "ana", "a report\nholds it <script>back</script>")
        if solved:
            incidents.resolve(connection, number, at, "ana", solved)
    return number


# Written.


def test_an_article_is_written_and_changed_by_revisions(both: World) -> None:
    assert ask(both, "write", **DISK, checks="host.disk-*", tags="disk,space") == "full-disk revision 1"
    assert ask(both, "write", who="ana", name="full-disk", body="Look twice.", reason="it was not enough")
    assert now(both) == Article(
        "full-disk", "Disk is full", "Look twice.", checks=("host.disk-*",), tags=("disk", "space")
    )
    assert history(both) == [(1, "sam", "written"), (2, "ana", "it was not enough")]
    assert both.kinds().count("article.changed") == 2


def test_a_long_article_is_kept_whole_and_a_book_is_refused(firm: World) -> None:
    ask(firm, "write", **DISK | {"body": "a line of text\n" * 13_000})
    assert len(now(firm).body) > 194_000
    with pytest.raises(InvalidRequest, match="longer than 200,000 characters"):
        ask(firm, "write", name="full-disk", body="x" * 200_001)


def test_what_changes_nothing_is_refused(firm: World) -> None:
    ask(firm, "write", **DISK)
    with pytest.raises(Refused, match="full-disk is so already"):
        ask(firm, "write", **DISK)


def test_a_check_that_there_is_not_is_refused_with_those_called_alike(firm: World) -> None:
    with pytest.raises(InvalidRequest, match=r"there is no check host\.disk-spcae") as refused:
        ask(firm, "write", **DISK, checks="host.disk-spcae")
    assert "host.disk-space" in refused.value.hint
    with pytest.raises(InvalidRequest, match=r"no check tape\.\*"):
        ask(firm, "write", **DISK, checks="host.*,tape.*")
    ask(firm, "write", **DISK, checks="host.*,postgresql.replication-lag")


def test_checks_of_before_that_are_gone_do_not_stop_a_correction(firm: World) -> None:
    with firm.store.begin() as connection:
        old = Article("full-disk", "Disk", "text", checks=("tape.robot",))
        articles.add(connection, old, at=firm.clock.now(), operator="ana", reason="")
    ask(firm, "write", name="full-disk", body="better text")
    assert now(firm).checks == ("tape.robot",)


def test_whoever_wrote_from_an_older_revision_is_told(firm: World) -> None:
    ask(firm, "write", **DISK)
    ask(firm, "write", name="full-disk", body="Ana's text", after=1)
    with pytest.raises(Refused, match="changed meanwhile; it is at revision 2"):
        ask(firm, "write", name="full-disk", body="Bo's text", after=1)
    assert now(firm).body == "Ana's text"


def test_of_two_who_write_at_once_the_second_is_told(both: World) -> None:
    def add(connection: object) -> str:
        made = Article("full-disk", "Disk", "text")
        try:
            articles.add(connection, made, at=both.clock.now(), operator="ana", reason="")  # type: ignore[arg-type]
        except Refused as refused:
            return f"{refused}; {refused.hint}"
        return "entered"

    first, second = at_once(both.store, add)
    assert first == "entered"
    assert second == (
        "full-disk was changed by somebody else just now;"
        " look at it and ask again: lexops article show full-disk"
    )


def test_the_record_holds_no_text_but_sealed(firm: World) -> None:
    ask(firm, "write", **DISK | {"body": "Call Huberstein at night."})
    with firm.store.read() as connection:
        rows = connection.exec_driver_sql("SELECT body FROM audit_entry").fetchall()
        rows += connection.exec_driver_sql("SELECT arguments FROM request").fetchall()
    assert rows and not any("Huberstein" in str(row) for row in rows)


# Made of an incident.


def test_a_solved_incident_becomes_a_draft_that_is_linked_with_it(both: World) -> None:
    number = incident(both, solved="cancelled the report")
    said = ask(both, "promote", incident=number)
    assert said.startswith("standby-lags-behind revision 1, a draft")
    made = now(both, "standby-lags-behind")
    assert (made.title, made.standing, made.incident) == ("Standby lags behind", Standing.DRAFT, number)
    assert made.checks == (LAG,)
    assert "    lag of 14 min\n\n## What was found" in made.body
    assert "    a report\n    holds it <script>back</script>\n\n## How it was solved" in made.body
    assert made.body.endswith("    cancelled the report")
    assert "ana" not in made.body, "who wrote it does not matter"
    with both.store.read() as connection:
        (link,) = links.links(connection, number)
        last = incidents.timeline(connection, number)[-1]
    assert (link.kind, link.ref, link.operator) == ("article", "standby-lags-behind", "sam")
    assert (last.kind, last.text) == (EntryKind.LINKED, "related article:standby-lags-behind")


def test_an_incident_becomes_one_article_only_unless_another_is_named(firm: World) -> None:
    number = incident(firm)
    ask(firm, "promote", incident=number)
    with pytest.raises(Refused, match="#1 has the article standby-lags-behind"):
        ask(firm, "promote", incident=number)
    assert ask(firm, "promote", incident=number, name="reports", title="Reports on a standby")
    assert now(firm, "reports").title == "Reports on a standby"
    with pytest.raises(Refused, match="there is an article reports"):
        ask(firm, "promote", incident=number, name="reports")


@pytest.mark.parametrize("linked", ["full-disk", "not-written-yet"])
def test_an_article_that_is_only_linked_is_none_of_the_incident(firm: World, linked: str) -> None:
    ask(firm, "write", **DISK)
    number = incident(firm)
    with firm.store.begin() as connection:
        at = firm.clock.now()
        links.add(connection, Link(number, LinkKind.ARTICLE, linked, Relation.RELATED, at, "sam"))
    assert ask(firm, "promote", incident=number).startswith("standby-lags-behind revision 1, a draft")
    with pytest.raises(Refused, match="#1 has the article standby-lags-behind"):
        ask(firm, "promote", incident=number)


def test_an_article_of_an_alert_helps_when_it_fires_again(firm: World) -> None:
    at = firm.clock.now()
    opening = Opening("alert/4f1c", "Queue is long", Status.WARNING, at, "x", "it is", origin=Origin.ALERT)
    with firm.store.begin() as connection:
        number = incidents.open_(connection, opening)
    ask(firm, "promote", incident=number)
    assert now(firm, "queue-is-long").fingerprints == ("alert/4f1c",)


def test_what_a_client_wrote_is_what_was_seen_and_not_what_was_done(firm: World) -> None:
    at, client = firm.clock.now(), "bob@acme.example"
    opening = Opening("mail/<1@x>", "Slow", Status.WARNING, at, client, "opened by mail", origin=Origin.MAIL)
    with firm.store.begin() as connection:
        number = incidents.open_(connection, opening)
        incidents.note(connection, number, at, client, "printing takes an hour")
        incidents.note(connection, number, at, "ana", "emptied the queue")
    ask(firm, "promote", incident=number)
    seen, done = now(firm, "slow").body.split("## What was found and done")
    assert "printing takes an hour" in seen and "emptied the queue" in done
    assert "printing takes an hour" not in done and client not in seen + done


def test_an_article_of_the_same_name_is_left_alone(firm: World) -> None:
    ask(firm, "write", **DISK | {"name": "standby-lags-behind"})
    assert ask(firm, "promote", incident=incident(firm)).startswith("standby-lags-behind-1 revision 1")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Jürgensen's bill – 2×!", "jurgensen-s-bill-2"),
        ("§ 💥", "incident-7"),
        ("a" * 60, "a" * 32),
        ("-" * 50 + "x", "x"),
        ("The month-end report holds the standby back again", "the-month-end-report-holds-the"),
    ],
)
def test_an_article_is_called_after_the_title(title: str, name: str) -> None:
    assert name_from(title, 7) == name


def test_the_same_request_twice_makes_one_draft(firm: World) -> None:
    number = incident(firm)
    asked = firm.request("sam", "article.promote", incident=number)
    assert firm.gate.submit(asked).text == firm.gate.submit(asked).text
    assert firm.gate.submit(asked).state is State.DONE
    assert len(history(firm, "standby-lags-behind")) == 1


def test_there_is_no_article_of_an_incident_that_is_not_there(firm: World) -> None:
    with pytest.raises(NotFound, match="no incident #99"):
        ask(firm, "promote", incident=99)


# Reviewed and retired.


def test_reading_a_draft_through_makes_it_current_and_says_when(firm: World) -> None:
    ask(firm, "write", **DISK, standing="draft")
    firm.clock.advance(days=3)
    assert ask(firm, "review", name="full-disk") == "full-disk revision 2: read through"
    assert (now(firm).standing, now(firm).reviewed) == (Standing.CURRENT, firm.clock.now())
    firm.clock.advance(days=3)
    ask(firm, "write", name="full-disk", tags="disk")
    assert now(firm).reviewed is not None


def test_a_retired_article_stays_in_its_history_and_can_be_taken_back(firm: World) -> None:
    ask(firm, "write", **DISK)
    assert ask(firm, "retire", name="full-disk", reason="no disks any more").endswith("retired")
    with pytest.raises(Refused, match="full-disk is retired"):
        ask(firm, "review", name="full-disk")
    with pytest.raises(Refused, match="is so already"):
        ask(firm, "retire", name="full-disk", reason="again")
    ask(firm, "write", name="full-disk", standing="current")
    assert [each[2] for each in history(firm)] == ["written", "no disks any more", "changed"]


def test_an_article_that_is_not_there_is_named_with_those_called_alike(firm: World) -> None:
    ask(firm, "write", **DISK)
    with pytest.raises(NotFound, match="no article 'ful-disk'") as missing:
        ask(firm, "retire", name="ful-disk", reason="x")
    assert missing.value.hint == "did you mean full-disk?"


def test_an_auditor_writes_no_articles(firm: World) -> None:
    with pytest.raises(Refused):
        ask(firm, "write", who="aud", **DISK)
