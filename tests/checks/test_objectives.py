"""Service level objectives on a real store: what results mean for a service, budgets, and alerts on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from lexops.checks import asked
from lexops.checks.assignment import assignments
from lexops.checks.burning import as_check, objective_checks
from lexops.checks.contract import Finding, Observation, RunnableCheck, SQLite, check
from lexops.checks.engine import observe
from lexops.checks.history import History
from lexops.checks.model import Area, Check, Outcome, Status, Verdict
from lexops.checks.objectives import Objective, objectives, timeline, view
from lexops.checks.state import State as CheckState
from lexops.checks.state import advance
from lexops.checks.store import Recorder, assign
from lexops.checks.tables import result_table
from lexops.checks.view import ObjectiveView
from lexops.config import Settings
from lexops.incidents import store as incidents
from lexops.store.database import Store
from lexops.targets.memory import Memory
from lexops.targets.model import Kind
from lexops.trends.availability import Availability, State, measured
from tests.clock import START, ManualClock
from tests.sites import open_site, work_until_quiet

OK, WARNING, CRITICAL, UNKNOWN = Status.OK, Status.WARNING, Status.CRITICAL, Status.UNKNOWN
TARGETS = {
    "machine": {"kind": "host", "address": "local"},
    "db": {"kind": "sqlite", "url": "sqlite:///x.db", "host": "machine"},
    "portal": {"kind": "endpoint", "url": "http://127.0.0.1:1/"},
}
KINDS = {"machine": Kind.HOST, "db": Kind.SQLITE, "portal": Kind.ENDPOINT}


def _declared(target: str, id: str, **more: Any) -> RunnableCheck:
    every = timedelta(minutes=1)
    known = Check(id, id, Area.HEALTH, frozenset({KINDS[target]}), every=every, attempts=3, **more)
    return RunnableCheck(known, lambda _session: [])


CHECKS = {
    (target, each.check.id): each
    for target, each in (
        ("machine", _declared("machine", "host.up", availability=True)),
        ("db", _declared("db", "sqlite.up", availability=True)),
        ("db", _declared("db", "sqlite.rows")),
        ("portal", _declared("portal", "endpoint.up", availability=True)),
    )
}


def _settings(more: dict[str, Any] | None = None, **objective: Any) -> Settings:
    known = {"targets": ["db"], "objective": 99.0, "window": "1h"} | objective
    document = {"site": {"name": "T"}, "targets": TARGETS, "objectives": {"billing": known}}
    return Settings.model_validate(document | (more or {}))


def _objective(settings: Settings) -> Objective:
    assigned, wrong = assignments(settings, {check: each for (_, check), each in CHECKS.items()})
    assert wrong == {}
    [found] = objectives(settings, assigned)[0]
    return found


class Service:
    """Checks that look once a minute and find what the test says, kept as a worker keeps them."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        self.store, self.clock, self._recorder = store, clock, Recorder()
        self._states: dict[tuple[str, str], CheckState] = {}
        settings = _settings()
        with store.begin() as connection:
            assign(connection, assignments(settings, {c: r for (_, c), r in CHECKS.items()})[0], START)

    def look(self, status: Status, target: str = "db", check: str = "", **how: bool) -> None:
        """One look now; `unreachable`, `parent_down` and `blind` as the worker would have found them."""
        place = target, check or next(c for t, c in CHECKS if t == target)
        verdict = Verdict(status, str(status), unreachable=how.pop("unreachable", False))
        outcome = Outcome(target, CHECKS[place].check, verdict, self.clock.now(), self.clock.now(), 0.1)
        before = self._states.get(place)
        state = self._states[place] = advance(before, outcome, **how)
        with self.store.begin() as connection:
            self._recorder.keep(connection, outcome, before, state)

    def minutes(self, number: int, *statuses: Status, target: str = "db", **how: Any) -> None:
        """So many minutes in which the check finds the statuses in turn, the last one from then on."""
        for n in range(number):
            self.look(statuses[min(n, len(statuses) - 1)], target, **how)
            self.clock.advance(minutes=1)

    def past(self, status: Status, first: datetime, last: datetime) -> None:
        """A run of equal results as it stands in the store after a while."""
        run = {"target": "db", "check": "sqlite.up", "status": status.value, "soft": False, "times": 2}
        with self.store.begin() as connection:
            span = {"first": first, "last": last, "seconds": 0.1, "summary": ""}
            connection.execute(insert(result_table).values(run | span))

    def announce(self, span: timedelta, target: str = "db", check: str | None = None, **how: bool) -> None:
        with self.store.begin() as connection:
            asked.add_downtime(connection, target, check, span, "ana", "patches", self.clock.now(), **how)

    def view(self, zone: ZoneInfo | None = None, **objective: Any) -> ObjectiveView:
        with self.store.read() as connection:
            return view(connection, _objective(_settings(**objective)), self.clock.now(), zone)

    def judged(self, memory: dict[str, Any] | None = None, **objective: Any) -> Verdict:
        history = History(self.store, "lexops", self.clock)
        return observe(as_check(_objective(_settings(**objective))), history, Memory(memory))


@pytest.fixture
def service(store: Store, clock: ManualClock) -> Service:
    return Service(store, clock)


def _minutes(found: Availability) -> tuple[float, float, float, float]:
    """Up, down, unknown, maintenance."""
    minute = timedelta(minutes=1)
    parts = (found.up, found.down, found.unknown, found.maintenance)
    up, down, unknown, maintenance = (part / minute for part in parts)
    return up, down, unknown, maintenance


# What results mean.


def test_an_outage_counts_from_its_first_look_once_it_is_certain(service: Service) -> None:
    service.minutes(20, OK)
    service.minutes(3, CRITICAL)
    service.minutes(37, OK)
    assert _minutes(service.view().found) == (57, 3, 0, 0)


def test_a_failed_look_that_the_next_one_does_not_confirm_is_no_outage(service: Service) -> None:
    service.minutes(60, *[OK] * 20, CRITICAL, CRITICAL, OK)
    assert _minutes(service.view().found) == (60, 0, 0, 0)


def test_a_failure_that_is_not_certain_yet_is_unknown_and_settled_later(service: Service) -> None:
    service.minutes(60, *[OK] * 58, CRITICAL)
    assert _minutes(service.view().found) == (58, 0, 2, 0)
    service.look(CRITICAL)
    assert _minutes(service.view().found) == (58, 2, 0, 0)


def test_a_failed_look_that_nobody_followed_up_stays_unknown(service: Service) -> None:
    service.minutes(30, *[OK] * 29, CRITICAL)
    service.clock.advance(minutes=20)
    service.minutes(10, OK)
    assert _minutes(service.view().found) == (39, 0, 21, 0)


def test_the_last_look_before_a_window_holds_into_it(service: Service) -> None:
    service.minutes(10, OK)
    service.clock.advance(minutes=61)
    assert _minutes(service.view().found) == (1, 0, 59, 0)


def test_slow_is_not_down_and_could_not_look_is_neither(service: Service) -> None:
    service.minutes(60, *[OK] * 20, *[WARNING] * 10, *[UNKNOWN] * 5, Status.NOT_APPLICABLE, OK)
    assert _minutes(service.view().found) == (54, 0, 6, 0)


def test_the_numbers_of_the_reference_come_out_of_a_store(service: Service) -> None:
    service.minutes(60, *[OK] * 20, *[CRITICAL] * 2, *[OK] * 20, UNKNOWN, OK)
    assert _minutes(service.view().found) == (59, 0, 1, 0), "two failed looks of three are not certain"
    service.clock.advance(hours=2)
    service.minutes(60, *[OK] * 20, *[CRITICAL] * 3, *[OK] * 20, UNKNOWN, OK)
    found = service.view()
    assert _minutes(found.found) == (56, 3, 1, 0)
    assert (round(found.availability or 0, 2), round(found.coverage or 0, 1)) == (94.92, 98.3)


def test_where_nobody_looked_nothing_is_known(service: Service) -> None:
    service.minutes(10, OK)
    service.clock.advance(minutes=30)
    service.minutes(20, OK)
    found = service.view()
    assert _minutes(found.found) == (32, 0, 28, 0)
    assert (found.availability, round(found.coverage or 0, 1)) == (100, 53.3)


def test_without_any_look_there_is_no_number(service: Service) -> None:
    found = service.view()
    assert (found.availability, found.coverage, found.left, found.is_alerting) == (None, 0, None, False)
    assert {(burn.rate_long, burn.rate_short) for burn in found.burns} == {(None, None)}


def test_what_stands_on_a_host_that_is_down_is_down(service: Service) -> None:
    for target in ("machine", "db"):
        service.look(OK, target)
    service.clock.advance(minutes=1)
    for _ in range(10):
        service.look(CRITICAL, "machine")
        service.look(CRITICAL, "db", unreachable=True, parent_down=True)
        service.clock.advance(minutes=1)
    assert _minutes(service.view().found) == (1, 10, 49, 0)


def test_while_lexops_is_blind_nothing_is_known(service: Service) -> None:
    service.minutes(50, OK)
    service.minutes(10, CRITICAL, unreachable=True, blind=True)
    found = service.view()
    assert (_minutes(found.found), found.state) == ((50, 0, 10, 0), State.UNKNOWN)


def test_a_check_that_cannot_look_because_its_target_is_down_counts_as_down(service: Service) -> None:
    for n in range(60):
        service.look(CRITICAL if n >= 50 else OK)
        service.look(*((UNKNOWN, "db", "sqlite.rows") if n >= 50 else (OK, "db", "sqlite.rows")))
        service.clock.advance(minutes=1)
    assert _minutes(service.view(checks=["sqlite.rows"]).found) == (50, 10, 0, 0)


def test_a_service_of_two_targets_is_down_while_one_is(service: Service) -> None:
    for n in range(60):
        service.look(CRITICAL if 10 <= n < 20 else OK)
        service.look(CRITICAL if 15 <= n < 25 else OK, "portal")
        service.clock.advance(minutes=1)
    assert _minutes(service.view(targets=["db", "portal"]).found) == (45, 15, 0, 0)
    assert service.view(targets=["portal"]).spent == 600


# Windows and downtimes.


def test_an_announced_downtime_is_cut_out_and_a_silence_is_not(service: Service) -> None:
    service.minutes(20, OK)
    service.announce(timedelta(minutes=10))
    service.minutes(10, CRITICAL)
    service.announce(timedelta(minutes=5), silence=True)
    service.minutes(5, CRITICAL)
    service.minutes(25, OK)
    assert _minutes(service.view().found) == (45, 5, 0, 10)


@pytest.mark.parametrize(
    ("target", "check", "counts"),
    [
        pytest.param("machine", None, 10, id="of the host below"),
        pytest.param("db", "sqlite.up", 10, id="of the counted check"),
        pytest.param("db", "sqlite.rows", 0, id="of another check"),
        pytest.param("portal", None, 0, id="of another target"),
    ],
)
def test_a_downtime_counts_where_it_belongs_to_the_service(
    service: Service, target: str, check: str | None, counts: int
) -> None:
    service.minutes(50, OK)
    service.announce(timedelta(hours=1), target, check)
    service.minutes(10, CRITICAL)
    assert _minutes(service.view().found) == (50, 10 - counts, 0, counts)


def test_a_downtime_that_was_ended_early_counts_to_its_end(service: Service) -> None:
    service.minutes(50, OK)
    service.announce(timedelta(hours=1))
    service.minutes(4, CRITICAL)
    with service.store.begin() as connection:
        asked.end_downtimes(connection, "db", service.clock.now())
    service.minutes(6, CRITICAL)
    assert _minutes(service.view().found) == (50, 6, 0, 4)


def test_a_month_counts_what_began_before_it_and_outlives_it_to_its_borders(service: Service) -> None:
    march, april = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    service.past(CRITICAL, march - timedelta(days=2), march + timedelta(hours=1))
    service.past(OK, march + timedelta(hours=1, minutes=1), april - timedelta(hours=2))
    service.past(CRITICAL, april - timedelta(hours=2) + timedelta(minutes=1), april + timedelta(days=3))
    with service.store.read() as connection:
        found = measured(timeline(connection, _objective(_settings()), march, april), march, april)
    assert found.down == timedelta(hours=3)
    assert found.unknown == timedelta()


def test_a_failure_in_the_last_minute_of_a_month_is_settled_by_the_next_one(service: Service) -> None:
    service.minutes(10, OK)
    border = service.clock.now() + timedelta(minutes=1)
    service.minutes(5, CRITICAL)
    start = border - timedelta(minutes=5)
    with service.store.read() as connection:
        found = measured(timeline(connection, _objective(_settings()), start, border), start, border)
    assert _minutes(found) == (4, 1, 0, 0)


def test_days_have_their_hours_also_when_the_clocks_are_changed(service: Service) -> None:
    zone = ZoneInfo("Europe/Zurich")
    service.clock.jump(datetime(2026, 3, 30, 10, 30, tzinfo=UTC))
    now = service.clock.now()
    service.past(OK, now - timedelta(days=40), now - timedelta(minutes=91))
    service.past(CRITICAL, now - timedelta(minutes=90), now)
    found = service.view(zone, window="3d")
    assert [(day.day, len(day.hours)) for day in found.hours] == [
        (date(2026, 3, 27), 24),
        (date(2026, 3, 28), 24),
        (date(2026, 3, 29), 23),
        (date(2026, 3, 30), 24),
    ]
    cells = [hour for day in found.hours for hour in day.hours]
    assert sum(cells, Availability()) == found.found
    today = found.hours[-1].hours
    assert [_minutes(hour)[:2] for hour in today[10:14]] == [(60, 0), (0, 60), (0, 30), (0, 0)]
    assert found.hours[0].hours[0] == Availability(), "before the window"


# Budgets and alerts.


def _year_of_ok(service: Service, outages: Iterable[tuple[timedelta, timedelta]]) -> None:
    """OK for 40 days until now, but for outages: (how long ago it began, how long)."""
    now, step = service.clock.now(), timedelta(seconds=1)
    start = now - timedelta(days=40)
    for ago, length in outages:
        service.past(OK, start, now - ago - step)
        start = min(now, now - ago + length)
        service.past(CRITICAL, now - ago, start - step if start < now else now)
    if start < now:
        service.past(OK, start, now)


def test_a_budget_says_what_may_still_be_down(service: Service) -> None:
    _year_of_ok(service, [(timedelta(days=20), timedelta(minutes=10))])
    found = service.view(objective=99.9, window="30d")
    assert (found.allowed, found.spent, found.left) == (2592, 600, 1992)
    assert (round(found.left_percent or 0, 1), found.is_missed) == (76.9, False)
    verdict = service.judged(objective=99.9, window="30d")
    assert (verdict.status, verdict.summary) == (OK, "budget left 33 min of 43 min (76.9 %)")
    assert {m.name for m in verdict.metrics} == {"budget_left", "availability", "coverage", "burn"}


@pytest.mark.parametrize(
    ("outages", "status", "keys"),
    [
        pytest.param(
            [(20, 20)], CRITICAL, ["burn 1 h", "burn 6 h", "burn 1 d", "burn 3 d"], id="20 min, still down"
        ),
        pytest.param([(100, 20)], WARNING, ["burn 1 d", "burn 3 d"], id="20 min, over for 80"),
        pytest.param([(600, 6)], OK, [], id="over for long"),
        pytest.param([(4000, 4), (2700, 4), (1500, 4)], OK, [], id="short and rare"),
        pytest.param([(4000, 2), (3000, 2), (100, 2)], WARNING, ["burn 3 d"], id="a little again and again"),
    ],
)
def test_the_pairs_alert_as_long_as_it_goes_on(
    service: Service, outages: list[tuple[int, int]], status: Status, keys: list[str]
) -> None:
    spans = [(timedelta(minutes=ago), timedelta(minutes=length)) for ago, length in outages]
    _year_of_ok(service, spans)
    verdict = service.judged(objective=99.9, window="30d")
    assert verdict.status is status
    assert [finding.key for finding in verdict.findings] == keys


def test_a_finding_says_how_fast_and_what_is_left(service: Service) -> None:
    _year_of_ok(service, [(timedelta(minutes=20), timedelta(minutes=20))])
    verdict = service.judged(objective=99.9, window="30d")
    assert verdict.summary == (
        "burns its budget 333 times over 1 h, 1,000 times over 5 min (limit 14.4); 23 min left of 43 min"
        " and 3 more"
    )


def test_an_overspent_budget_warns_though_nothing_burns_any_more(service: Service) -> None:
    _year_of_ok(service, [(timedelta(days=20), timedelta(minutes=50))])
    verdict = service.judged(objective=99.9, window="30d")
    assert (verdict.status, verdict.findings) == (WARNING, ())
    assert verdict.summary.startswith("budget left -6 min of 43 min (-15.7 %)")
    assert service.view(objective=99.9, window="30d").is_missed


def test_before_the_first_look_it_is_pending_and_without_looks_afterwards_unknown(service: Service) -> None:
    first = service.judged()
    assert (first.status, first.summary) == (Status.PENDING, "nothing is known of the service yet")
    service.minutes(5, OK)
    known = service.judged()
    assert known.status is OK and known.memory is not None
    service.clock.advance(hours=2)
    gone = service.judged(dict(known.memory))
    assert (gone.status, gone.summary) == (UNKNOWN, "nothing is known of its last 1 h")


def test_it_is_unknown_while_a_burn_could_not_be_seen(service: Service) -> None:
    service.minutes(50, OK)
    service.clock.advance(minutes=9)
    verdict = service.judged(window="30d")
    assert (verdict.status, verdict.summary) == (
        UNKNOWN,
        "nothing is known of its last 5 min, so no burn is seen",
    )


def test_a_window_of_nothing_but_downtime_is_not_judged(service: Service) -> None:
    service.announce(timedelta(hours=2))
    service.minutes(60, OK)
    assert service.judged().status is Status.NOT_APPLICABLE


# Configuration.


@pytest.mark.parametrize(
    ("objective", "complaint"),
    [
        pytest.param({"checks": ["sqlite.rowz"]}, "no target of it has sqlite.rowz", id="unknown check"),
        pytest.param(
            {"targets": ["db", "portal"], "checks": ["sqlite.up"]},
            "none of its checks looks at portal",
            id="unseen target",
        ),
        pytest.param({"window": "0s"}, "a window shorter than 1 h says nothing", id="no window"),
        pytest.param(
            {"window": "180d"}, "results are kept for 90 d, shorter than its window", id="forgotten"
        ),
    ],
)
def test_what_is_wrong_with_an_objective_is_told(objective: dict[str, Any], complaint: str) -> None:
    by_id = {check: each for (_, check), each in CHECKS.items()}
    wrong = assignments(_settings(**objective), by_id)[1]
    assert complaint in wrong["[objectives.billing]"]


def test_a_service_with_a_target_that_nobody_looks_at_is_never_up(service: Service) -> None:
    settings = _settings(targets=["db", "portal"], checks=["sqlite.up"])
    [found] = objectives(settings, assignments(settings, {c: r for (_, c), r in CHECKS.items()})[0])[0]
    service.minutes(60, OK)
    with service.store.read() as connection:
        seen = view(connection, found, service.clock.now())
    assert (seen.availability, seen.unseen) == (None, ("portal",))


def test_an_objective_is_a_check_of_lexops_that_a_site_overrides_or_switches_off() -> None:
    by_id = {check: each for (_, check), each in CHECKS.items()}

    def expanded(override: dict[str, Any]) -> list[Check]:
        settings = _settings({"checks": {"objective.billing": override}}, title="Billing.")
        assigned, wrong = assignments(settings, by_id)
        assert wrong == {}
        return [a.runnable.check for a in assigned if a.target == "lexops"]

    [found] = expanded({"every": "5m", "metrics": {"budget_left": {"warn": "25%:"}}})
    assert (found.id, found.title) == ("objective.billing", "Billing burns its error budget")
    assert found.every == timedelta(minutes=5)
    warn = found.levels_for("budget_left").warn
    assert warn is not None and warn.text == "25%:"
    assert expanded({"enabled": False}) == []


def test_a_check_that_is_switched_off_does_not_count() -> None:
    settings = _settings({"checks": {"sqlite.up": {"enabled": False}}})
    assigned, wrong = assignments(settings, {c: r for (_, c), r in CHECKS.items()})
    assert wrong == {"[objectives.billing]": "no availability check looks at db"}
    assert objective_checks(settings, assigned)[0][0].check.id == "objective.billing"


# With a worker.


def test_a_worker_opens_an_incident_while_a_budget_burns_and_resolves_it(
    tmp_path: Path, clock: ManualClock
) -> None:
    failing: list[Finding] = []

    @check("sqlite.flag", target=SQLite, every="1m", attempts=2, availability=True)
    def flag(db: SQLite) -> Iterator[Observation]:
        """Flag."""
        yield from failing

    site = open_site(
        tmp_path,
        '[targets.db]\nkind = "sqlite"\nurl = "sqlite:///x.db"\n'
        '[objectives.billing]\ntargets = ["db"]\nobjective = 90\nwindow = "1d"\n',
        clock=clock,
        checks=[flag],
    )
    (tmp_path / "x.db").touch(mode=0o600)

    def work(minutes: int) -> dict[tuple[str, str], Status | None]:
        for _ in range(2 * minutes):
            clock.advance(seconds=30)
            work_until_quiet(site)
        return {(row.target, row.check): row.status for row in site.fleet().checks}

    work_until_quiet(site)
    assert work(3)["lexops", "objective.billing"] is OK
    failing.append(Finding("f", "does not answer", CRITICAL))
    assert work(4)["lexops", "objective.billing"] is CRITICAL
    with site.store.read() as connection:
        opened = {(each.target, each.check) for each in incidents.incidents(connection)}
    assert opened == {("db", "sqlite.flag"), ("lexops", "objective.billing")}
    failing.clear()
    clock.advance(hours=26)
    assert work(2)["lexops", "objective.billing"] is OK
    with site.store.read() as connection:
        assert incidents.incidents(connection) == ()
