"""Triage over a real store: what changed, what is the cause, how it ended before; and the dependency tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lexops.checks.contract import Host, Metric, NotYet, SQLite, Status, check
from lexops.checks.model import Area
from lexops.checks.tree import tree
from lexops.checks.triage import neighbours, probable_cause
from lexops.checks.view import CheckRow, Flag
from lexops.errors import NotFound
from lexops.site import Site
from lexops.targets.model import Kind
from tests.checks.flags import colour, put_up
from tests.clock import START, ManualClock
from tests.sites import open_site, work_until_quiet

TARGETS = """
[targets.flags]
kind = "sqlite"
url = "sqlite:///flags.db"
environment = "demo"
host = "metal"
[targets.metal]
kind = "host"
"""


@check("host.load-now", target=Host, every="1m")
def load(host: Host) -> Iterator[Metric]:
    """Load.

    It is only kept.
    """
    yield Metric("load", host.facts().load1, info=True)


@pytest.fixture
def site(tmp_path: Path, clock: ManualClock) -> Site:
    put_up(tmp_path)
    made = open_site(tmp_path, TARGETS, clock=clock, checks=[colour("red"), colour("blue"), load])
    work_until_quiet(made)
    return made


def look(site: Site, clock: ManualClock, minutes: int = 2) -> None:
    clock.advance(minutes=minutes)
    work_until_quiet(site)


def test_what_was_done_and_seen_before_the_failure_is_told_newest_first(
    site: Site, tmp_path: Path, clock: ManualClock
) -> None:
    site.submit("check.downtime", {"target": "metal", "minutes": 1, "reason": "disk swapped"}, "test")
    site.submit("check.run", {"target": "flags"}, "test")
    clock.advance(minutes=5)
    put_up(tmp_path, "red")
    look(site, clock)
    put_up(tmp_path, "red", "blue")
    look(site, clock, 10)
    known = site.triage("flags", "sqlite.blue")
    assert [(each.target, each.status is None) for each in known.changed] == [
        ("flags", False),
        ("metal", True),
    ]
    seen, act = known.changed
    assert "the red flag is up" in seen.what and seen.status is Status.WARNING
    assert (act.what, act.who) == ("Announce a downtime (done)", site.session.operator)
    assert act.request and act.at < seen.at


@check("sqlite.counted", target=SQLite, every="1m", attempts=1)
def counted(db: SQLite) -> Iterator[Metric]:
    """A number that takes two looks."""
    if not list(db.rows("SELECT 1 FROM flag")):
        raise NotYet("the next look can tell")
    yield Metric("flags", 1)


def test_a_check_that_can_tell_at_last_has_seen_no_change(tmp_path: Path, clock: ManualClock) -> None:
    put_up(tmp_path)
    site = open_site(tmp_path, TARGETS, clock=clock, checks=[colour("red"), counted])
    work_until_quiet(site)
    clock.advance(minutes=5)
    put_up(tmp_path, "blue")
    look(site, clock)
    put_up(tmp_path, "red")
    look(site, clock)
    known = site.triage("flags", "sqlite.red")
    assert known.detail.row.status is Status.WARNING
    assert known.changed == ()


def test_what_happened_after_the_failure_or_long_before_is_no_cause(
    site: Site, tmp_path: Path, clock: ManualClock
) -> None:
    site.submit("check.downtime", {"target": "flags", "minutes": 1, "reason": "long ago"}, "test")
    clock.advance(days=2)
    put_up(tmp_path, "red")
    look(site, clock)
    clock.advance(minutes=1)
    site.submit("check.downtime", {"target": "flags", "minutes": 1, "reason": "afterwards"}, "test")
    assert [each for each in site.triage("flags", "sqlite.red").changed if each.who] == []


def test_similar_incidents_tell_how_they_ended(site: Site, tmp_path: Path, clock: ManualClock) -> None:
    put_up(tmp_path, "red")
    look(site, clock)
    number = site.triage("flags", "sqlite.red").detail.row.incident
    assert number
    site.submit("incident.acknowledge", {"incident": number}, "test")
    clock.advance(minutes=20)
    site.submit("incident.resolve", {"incident": number, "note": "climbed up the pole"}, "test")
    put_up(tmp_path)
    look(site, clock)
    clock.advance(hours=1)  # sooner it would be the same incident again
    put_up(tmp_path, "red")
    look(site, clock)
    known = site.triage("flags", "sqlite.red")
    (past,) = known.past
    assert (past.incident, past.ending, past.owner) == (number, "climbed up the pole", site.session.operator)
    assert past.resolved and timedelta(minutes=20) <= past.resolved - past.opened < timedelta(minutes=25)
    assert known.detail.row.incident not in (None, number)


def test_what_fails_besides_is_related_and_what_began_first_may_be_the_cause(
    site: Site, tmp_path: Path, clock: ManualClock
) -> None:
    put_up(tmp_path, "red")
    look(site, clock)
    put_up(tmp_path, "red", "blue")
    look(site, clock)
    known = site.triage("flags", "sqlite.blue")
    assert known.cause and known.cause.check == "sqlite.red" and known.why == "perhaps: it began first"
    assert known.related == () and known.database == "flags"
    first = site.triage("flags", "sqlite.red")
    assert first.cause is None and [row.check for row in first.related] == ["sqlite.blue"]


def test_a_check_that_is_not_there_is_said(site: Site) -> None:
    with pytest.raises(NotFound):
        site.triage("flags", "sqlite.green")


def row(target: str, check: str, minute: int = 0, *flags: Flag) -> CheckRow:
    return CheckRow(
        target,
        Kind.POSTGRESQL,
        "production",
        check,
        check,
        Area.HEALTH,
        Status.CRITICAL,
        "",
        frozenset(flags),
        START + timedelta(minutes=minute),
    )


AVAILABILITY = frozenset({("metal", "host.availability"), ("db", "postgresql.availability")})
SLOW = row("db", "postgresql.slow", 20)


@pytest.mark.parametrize(
    ("failing", "cause", "why"),
    [
        (["host.availability", "postgresql.availability", "x"], "host.availability", "its host is down"),
        (
            ["postgresql.availability", "postgresql.blocked-sessions"],
            "postgresql.availability",
            "does not answer",
        ),
        (["x", "postgresql.blocked-sessions"], "postgresql.blocked-sessions", "wait for one another"),
        (["mariadb.lock-waits"], "mariadb.lock-waits", "wait for one another"),
        (["x"], "x", "it began first"),
        ([], None, ""),
    ],
)
def test_the_cause_is_the_lowest_thing_that_fails(failing: list[str], cause: str | None, why: str) -> None:
    rows = [row("metal" if name.startswith("host") else "db", name, 5) for name in failing]
    found, told = probable_cause(SLOW, rows, "metal", AVAILABILITY)
    assert (found.check if found else None) == cause and why in told


def test_what_does_not_fail_has_no_cause() -> None:
    well = replace(SLOW, status=Status.OK)
    assert probable_cause(well, [row("db", "x", 5)], "", AVAILABILITY) == (None, "")


def test_what_began_later_or_long_before_or_is_out_of_reach_is_no_cause() -> None:
    for other in (row("db", "x", 21), row("db", "x", -60), row("db", "x", 5, Flag.UNREACHABLE)):
        assert probable_cause(SLOW, [other], "", AVAILABILITY) == (None, "")


def test_neighbours_are_the_host_and_what_runs_there() -> None:
    hosts = {"db": "metal", "web": "metal", "other": "stone"}
    assert neighbours("db", hosts) == {"db", "web", "metal"}
    assert neighbours("metal", hosts) == {"db", "web", "metal"}
    assert neighbours("alone", hosts) == {"alone"}


def test_the_tree_has_each_target_once_with_its_host_above_it(
    site: Site, tmp_path: Path, clock: ManualClock
) -> None:
    put_up(tmp_path, "red")
    look(site, clock)
    nodes = tree(site.fleet(), site.hosts)
    assert [(node.target.name, node.depth) for node in nodes] == [("metal", 0), ("flags", 1)]
    assert [row.check for row in nodes[1].failing] == ["sqlite.red"] and nodes[0].failing == ()
    circular = tree(site.fleet(), {"metal": "flags", "flags": "metal"})
    assert {node.target.name for node in circular} == {"metal", "flags"}
