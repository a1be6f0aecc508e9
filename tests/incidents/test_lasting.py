"""Downtimes, silences and attempts with a real worker: nothing that outlives them is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lexops.checks.contract import Finding, SQLite, check
from lexops.checks.view import Flag
from lexops.incidents import groups
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind, Incident, State
from lexops.incidents.store import QUIETLY
from lexops.site import Site
from tests.clock import ManualClock
from tests.sites import open_site, work_until_quiet

TARGETS = '[targets.flags]\nkind = "sqlite"\nurl = "sqlite:///flags.db"\nenvironment = "demo"\n'


@check("sqlite.red", target=SQLite, every="1m", attempts=1)
def red(db: SQLite) -> Iterator[Finding]:
    """A red flag is up."""
    for row in db.rows("SELECT colour FROM flag WHERE colour = 'red'"):
        yield Finding(row["colour"], "the red flag is up")


@check("sqlite.slow", target=SQLite, every="1m", attempts=3)
def slow(db: SQLite) -> Iterator[Finding]:
    """A blue flag has been up for a while."""
    for row in db.rows("SELECT colour FROM flag WHERE colour = 'blue'"):
        yield Finding(row["colour"], "the blue flag is up")


def flag(site: Site, colour: str, *, up: bool = True) -> None:
    with closing(sqlite3.connect(site.file.folder / "flags.db", isolation_level=None)) as file:
        file.execute("CREATE TABLE IF NOT EXISTS flag (colour text)")
        file.execute("INSERT INTO flag VALUES (?)" if up else "DELETE FROM flag WHERE colour = ?", (colour,))


@pytest.fixture
def site(tmp_path: Path, clock: ManualClock) -> Site:
    made = open_site(tmp_path, TARGETS, clock=clock, checks=[red, slow])
    flag(made, "none")
    work_until_quiet(made)
    return made


def look(site: Site, clock: ManualClock, minutes: float = 2) -> None:
    clock.advance(minutes=minutes)
    work_until_quiet(site)
    groups.loosen(site.store, site.file, clock)


def quiet(site: Site, act: str, minutes: int = 30) -> None:
    site.submit(f"check.{act}", {"target": "flags", "minutes": minutes, "reason": "painting"}, "test")


def every(site: Site) -> list[Incident]:
    with site.store.read() as connection:
        return list(incidents.incidents(connection, include_resolved=True))


def texts(site: Site, number: int = 1) -> list[tuple[EntryKind, str]]:
    with site.store.read() as connection:
        return [(entry.kind, entry.text) for entry in incidents.timeline(connection, number)]


def test_keep_4318_only_what_has_failed_often_enough_opens_an_incident(
    site: Site, clock: ManualClock
) -> None:
    flag(site, "blue")
    look(site, clock)
    assert every(site) == []
    for _ in range(3):
        look(site, clock)
    (incident,) = every(site)
    assert incident.check == "sqlite.slow"


def test_keep_5257_what_fails_in_a_downtime_and_goes_on_after_it_is_told_then(
    site: Site, clock: ManualClock
) -> None:
    quiet(site, "downtime")
    flag(site, "red")
    look(site, clock)
    assert every(site) == []
    look(site, clock, 30)
    (incident,) = every(site)
    assert incident.state is State.OPEN and incident.opened == clock.now()


def test_what_recovers_in_a_downtime_is_resolved_at_once(site: Site, clock: ManualClock) -> None:
    flag(site, "red")
    look(site, clock)
    quiet(site, "downtime", 600)
    flag(site, "red", up=False)
    look(site, clock)
    (incident,) = every(site)
    assert incident.state is State.RESOLVED


def test_alertmanager_226_what_is_resolved_while_it_is_silenced_is_seen(
    site: Site, clock: ManualClock
) -> None:
    flag(site, "red")
    look(site, clock)
    quiet(site, "silence")
    flag(site, "red", up=False)
    look(site, clock)
    (incident,) = every(site)
    assert incident.state is State.RESOLVED
    assert texts(site)[-1] == (EntryKind.RESOLVED, "resolved by recovery")


def test_a_silence_on_an_open_incident_ends_nothing_and_hides_nothing(site: Site, clock: ManualClock) -> None:
    flag(site, "red")
    look(site, clock)
    before = texts(site)
    quiet(site, "silence", 5)
    look(site, clock)
    look(site, clock, 10)
    (incident,) = every(site)
    assert incident.state is State.OPEN and texts(site) == before


def test_what_comes_back_while_it_is_silenced_says_so(site: Site, clock: ManualClock) -> None:
    flag(site, "red")
    look(site, clock)
    flag(site, "red", up=False)
    look(site, clock)
    quiet(site, "silence")
    flag(site, "red")
    look(site, clock)
    assert texts(site)[-1] == (EntryKind.NOTE, QUIETLY)
    assert [each.state for each in every(site)] == [State.OPEN]


def test_icinga2_8644_what_was_taken_stays_taken_over_a_downtime(site: Site, clock: ManualClock) -> None:
    flag(site, "red")
    look(site, clock)
    me = site.session.operator
    site.submit("incident.acknowledge", {"incident": 1}, "test")
    before = texts(site)
    quiet(site, "downtime", 10)
    look(site, clock)
    look(site, clock, 20)
    (incident,) = every(site)
    assert (incident.state, incident.owner) == (State.ACKNOWLEDGED, me)
    assert texts(site) == before


def test_what_was_resolved_in_a_downtime_and_still_fails_is_open_again_after_it(
    site: Site, clock: ManualClock
) -> None:
    flag(site, "red")
    look(site, clock)
    quiet(site, "downtime", 120)
    site.submit("incident.resolve", {"incident": 1, "note": "will be mended in the downtime"}, "test")
    look(site, clock, 60)
    assert [each.state for each in every(site)] == [State.RESOLVED]
    look(site, clock, 61)
    assert [each.state for each in every(site)] == [State.OPEN]


def test_what_is_given_back_is_known_to_nobody_any_more(site: Site, clock: ManualClock) -> None:
    flag(site, "red")
    look(site, clock)
    for operation, given, known in (
        ("acknowledge", {}, True),
        ("release", {"reason": "shift is over"}, False),
    ):
        site.submit(f"incident.{operation}", {"incident": 1, **given}, "test")
        (row,) = (each for each in site.fleet().checks if each.check == "sqlite.red")
        assert (Flag.ACKNOWLEDGED in row.flags) is known
