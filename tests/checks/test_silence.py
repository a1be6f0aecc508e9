"""Silences and acknowledging at once: what an on-call engineer may expect of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from lexops.checks import asked
from lexops.checks.view import CheckRow, Flag
from lexops.errors import InvalidRequest, NotFound
from lexops.incidents import store as incidents
from lexops.incidents.store import QUIETLY
from lexops.site import Site
from tests.checks.flags import colour, put_up
from tests.clock import ManualClock
from tests.sites import open_site, work_until_quiet

TARGETS = '[targets.flags]\nkind = "sqlite"\nurl = "sqlite:///flags.db"\nenvironment = "demo"\n'


@pytest.fixture
def site(tmp_path: Path, clock: ManualClock) -> Site:
    put_up(tmp_path)
    made = open_site(tmp_path, TARGETS, clock=clock, checks=[colour("red"), colour("blue")])
    work_until_quiet(made)
    return made


def rows(site: Site) -> dict[str, CheckRow]:
    return {row.check: row for row in site.fleet().checks}


def silence(site: Site, minutes: int = 30, **more: object) -> str:
    given = {"target": "flags", "minutes": minutes, "reason": "known since Friday"}
    return str(site.submit("check.silence", given | more, "test"))


def look(site: Site, clock: ManualClock, minutes: int = 2) -> None:
    clock.advance(minutes=minutes)
    work_until_quiet(site)


def test_what_is_silenced_counts_shows_and_opens_its_incident_quietly(
    site: Site, tmp_path: Path, clock: ManualClock
) -> None:
    assert silence(site) == "flags is silenced for 30 min"
    put_up(tmp_path, "red")
    look(site, clock)
    row = rows(site)["sqlite.red"]
    assert Flag.SILENCED in row.flags and Flag.DOWNTIME not in row.flags
    assert row in site.fleet().problems
    with site.store.read() as connection:
        (incident,) = incidents.incidents(connection)
        assert QUIETLY in [entry.text for entry in incidents.timeline(connection, incident.id)]


def test_a_silence_ends_by_itself(site: Site, tmp_path: Path, clock: ManualClock) -> None:
    silence(site, 5)
    look(site, clock, 6)
    assert Flag.SILENCED not in rows(site)["sqlite.red"].flags
    put_up(tmp_path, "red")
    look(site, clock)
    with site.store.read() as connection:
        (incident,) = incidents.incidents(connection)
        assert QUIETLY not in [entry.text for entry in incidents.timeline(connection, incident.id)]


def test_one_check_can_be_silenced_and_ended_alone(site: Site) -> None:
    assert silence(site, check="sqlite.red") == "sqlite.red on flags is silenced for 30 min"
    silence(site, check="sqlite.blue")
    assert silence(site, 0, check="sqlite.red") == "1 silence of sqlite.red on flags ended"
    flags = {name: row.flags for name, row in rows(site).items()}
    assert Flag.SILENCED not in flags["sqlite.red"] and Flag.SILENCED in flags["sqlite.blue"]


def test_ending_a_downtime_leaves_silences_and_the_other_way_round(site: Site) -> None:
    silence(site)
    site.submit("check.downtime", {"target": "flags", "minutes": 30, "reason": "move"}, "test")
    site.submit("check.downtime", {"target": "flags", "minutes": 0, "reason": "moved"}, "test")
    assert rows(site)["sqlite.red"].flags & {Flag.SILENCED, Flag.DOWNTIME} == {Flag.SILENCED}
    with site.store.read() as connection:
        (span,) = asked.quiet_spans(connection, site.clock.now())
    assert (span.kind, span.target, span.check, span.operator) == (
        "silence",
        "flags",
        "",
        site.session.operator,
    )
    assert span.ends - span.starts == timedelta(minutes=30)


@pytest.mark.parametrize("minutes", [-1, 1441, 10**9])
def test_a_silence_has_a_longest_time(site: Site, minutes: int) -> None:
    with pytest.raises(InvalidRequest, match="between 1 and 1,440"):
        silence(site, minutes)


def test_a_silence_is_of_something_that_is_there(site: Site) -> None:
    with pytest.raises(NotFound):
        silence(site, check="sqlite.green")


def test_all_that_fails_is_acknowledged_at_once_and_counted(
    site: Site, tmp_path: Path, clock: ManualClock
) -> None:
    put_up(tmp_path, "red", "blue")
    look(site, clock)
    first = {"target": "flags", "check": "sqlite.red", "reason": "mine"}
    site.submit("check.acknowledge", first, "test")
    answer = site.submit("check.acknowledge-all", {"target": "flags", "reason": "painting"}, "test")
    assert str(answer) == "1 failing check acknowledged"
    assert all(Flag.ACKNOWLEDGED in row.flags for row in rows(site).values() if row.status != "OK")
    again = site.submit("check.acknowledge-all", {"check": "sqlite", "reason": "painting"}, "test")
    assert str(again) == "0 failing checks acknowledged"


def test_what_fails_everywhere_is_not_acknowledged_by_mistake(site: Site) -> None:
    with pytest.raises(InvalidRequest, match="name a target or a check"):
        site.submit("check.acknowledge-all", {"reason": "all of it"}, "test")


def test_one_check_has_a_downtime_of_its_own_that_is_ended_alone(site: Site) -> None:
    def downtime(minutes: int, check: str) -> str:
        given = {"target": "flags", "minutes": minutes, "reason": "move", "check": check}
        return str(site.submit("check.downtime", given, "test"))

    assert downtime(30, "sqlite.red") == "sqlite.red on flags is in downtime for 30 min"
    downtime(30, "sqlite.blue")
    assert downtime(0, "sqlite.red") == "1 downtime of sqlite.red on flags ended"
    flags = {name: row.flags for name, row in rows(site).items()}
    assert Flag.DOWNTIME not in flags["sqlite.red"] and Flag.DOWNTIME in flags["sqlite.blue"]


@pytest.mark.parametrize("operation", ["check.silence", "check.downtime"])
def test_what_would_leave_nothing_alone_is_refused(site: Site, operation: str) -> None:
    given = {"target": "flags", "minutes": 30, "reason": "move", "check": "sqlite"}
    with pytest.raises(NotFound):
        site.submit(operation, given, "test")
