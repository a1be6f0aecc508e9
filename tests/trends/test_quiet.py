"""The smaller version of `python -m benchmarks trends`: who cries wolf is not believed."""

from __future__ import annotations

from benchmarks.synthetic import disks, run_aways
from benchmarks.trends import judge_disks, judge_offices, node_mixin, quiet_days, theil_sen
from lexops_checks import host


def test_quiet_disks_alarm_less_than_with_node_mixin_and_no_run_away_is_missed() -> None:
    quiet, away = disks(11, 8), run_aways(12, 8)
    ours, theirs = (judge_disks(rule.__name__, rule, quiet, away) for rule in (theil_sen, node_mixin))
    assert ours.false <= 0.2
    assert ours.false < theirs.false
    assert ours.seen == ours.of == len(away)
    assert ours.lead > 4


def test_a_quiet_office_is_never_unusual_and_threefold_is_seen() -> None:
    found = judge_offices("LexOps, unusual", 2, seed=13, weeks=7)
    assert found.false == 0.0
    assert found.seen >= 0.8 * found.of


def test_a_quiet_month_of_a_host_raises_no_alarm() -> None:
    alarms = quiet_days(host.CHECKS, days=7)
    assert len(alarms) >= 6
    assert sum(alarms.values()) == 0
