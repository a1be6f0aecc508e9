"""What doors ask: incidents like this one, articles that help; with the index and without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lexops.incidents import store as incidents
from lexops.knowledge import fts, similar
from lexops.knowledge.model import Found, FoundKind, Standing, Trouble
from lexops.store.database import Store
from tests.knowledge.helping import Firm, firm
from tests.stores import sqlite_store

LAG = "postgresql.replication-lag"


@pytest.fixture
def site(store: Store, tmp_path: Path) -> Firm:
    return known(firm(store, tmp_path))


@pytest.fixture
def small(tmp_path: Path) -> Firm:
    """On SQLite only: for what has nothing to do with the store."""
    return known(firm(sqlite_store(tmp_path), tmp_path))


def known(made: Firm) -> Firm:
    """With five incidents, three of them solved."""
    made.incident("Standby lags behind", "a report holds it back", solved="cancelled the report", check=LAG)
    made.incident("Standby lags behind", solved="faster disks", check=LAG, target="archive-db")
    made.incident("Portal shows what the standby knew, far behind", solved="waited", target="portal")
    made.incident("Certificate expires")
    made.incident("Standby lags behind", check=LAG)
    made.refresh()
    return made


def trouble(site: Firm, number: int) -> Trouble:
    with site.store.read() as connection:
        return similar.trouble_of(incidents.get(connection, number), incidents.timeline(connection, number))


def helping(site: Firm, of: Trouble, **known: set[str]) -> tuple[Found, ...]:
    with site.store.read() as connection:
        return similar.helping(connection, site.file, site.clock.now(), of, **known)


def test_the_same_again_is_found_with_its_solution_and_never_itself(site: Firm) -> None:
    answer = site.like(trouble(site, 5))
    assert [each.id for each in answer.found] == ["1", "2", "3"]
    assert [each.solved for each in answer.found] == ["cancelled the report", "faster disks", "waited"]
    assert answer.notice == ""


@pytest.mark.parametrize("machine", ["alertmanager", "tracker jira"])
def test_what_a_person_said_is_not_hidden_by_an_end_that_came_by_itself(small: Firm, machine: str) -> None:
    number = small.incident("Queue of invoices is long", solved="restarted the importer")
    now = small.clock.now()
    with small.store.begin() as connection:
        incidents.reopen(connection, number, now, machine, "it fires again")
        incidents.resolve(connection, number, now, machine, "resolved by recovery")
    small.refresh()
    found = small.look_for("queue of invoices").found[0]
    assert found.solved == "restarted the importer"


def test_the_same_check_is_found_even_where_no_word_is_the_same(small: Firm) -> None:
    other = Trouble("Verzug", check=LAG)
    assert {each.id for each in small.like(other).found} == {"1", "2", "5"}


def test_what_its_check_has_said_is_looked_for_too(small: Firm) -> None:
    plain = Trouble("Something is wrong", "web", text="the certificate of the portal")
    assert "4" in {each.id for each in small.like(plain).found}


def test_without_an_index_the_same_check_is_found_and_the_answer_says_so(site: Firm) -> None:
    fts.remove(site.path)
    answer = site.like(trouble(site, 5))
    assert [each.id for each in answer.found] == ["1", "2"]
    assert answer.found[0].solved == "cancelled the report"
    assert answer.notice.startswith("searched without the index")
    site.article("late-copies", "Standby lags.", tags=("standby",))
    words = site.look_for("standby")
    assert {each.id for each in words.found} == {"1", "2", "3", "5", "late-copies"}
    assert words.notice.startswith("searched without the index")


def test_a_triage_is_told_of_the_past_as_it_stands_in_the_store(site: Firm) -> None:
    with site.store.begin() as connection:
        incidents.acknowledge(connection, 5, site.clock.now(), "bo")
    wanted = Trouble("Standby lags behind", "billing-db", LAG, f"billing-db/{LAG}")
    with site.store.read() as connection:
        told = similar.past(connection, site.file, site.clock.now(), wanted)
    assert [(each.incident, each.owner, each.ending) for each in told][:3] == [
        (1, "", "cancelled the report"),
        (5, "bo", ""),
        (2, "", "faster disks"),
    ]
    assert (told[0].opened, told[0].title) == (told[0].resolved, "Standby lags behind")


def test_articles_help_by_check_and_incident_and_are_marked_when_stale(small: Firm) -> None:
    small.article("copies", "text", checks=("postgresql.replication-*", "postgresql.gone"))
    small.article("billing-copy", "text", fingerprints=(f"billing-db/{LAG}",))
    small.article("half-written", "text", checks=(LAG,), standing=Standing.DRAFT)
    small.article("other", "text", checks=("host.*",))
    found = helping(small, trouble(small, 5), checks={LAG})
    assert [(each.id, each.stale, each.draft) for each in found] == [
        ("billing-copy", False, False),
        ("copies", True, False),
        ("half-written", False, True),
    ]
    assert {each.kind for each in found} == {FoundKind.ARTICLE}
    small.clock.advance(days=366)
    assert all(each.stale for each in helping(small, trouble(small, 5)))


def test_a_stale_article_is_marked_where_it_is_found_by_words(small: Firm) -> None:
    small.article("tape-robot", "The robot wants oil.")
    small.refresh()
    assert not small.look_for("robot").found[0].stale
    small.clock.advance(days=366)
    assert small.look_for("robot").found[0].stale
