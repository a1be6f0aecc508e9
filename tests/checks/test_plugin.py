"""Monitoring-plugins executables, run for real."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest

from lexops.checks.contract import RunnableCheck
from lexops.checks.engine import Engine, Lane, observe
from lexops.checks.model import Metric, Status
from lexops.checks.plugin import PluginProcess, as_check, metrics
from lexops.clock import SystemClock
from lexops.config import PluginSettings
from lexops.targets.model import Kind


def plugin(folder: Path, script: str, timeout: float = 10) -> RunnableCheck:
    path = folder / "check_something"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    settings = PluginSettings(command=[str(path), "--a b"], target="x", timeout=timedelta(seconds=timeout))
    return as_check("something", settings, Kind.HOST)


@pytest.mark.parametrize(
    ("code", "status"),
    [(0, Status.OK), (1, Status.WARNING), (2, Status.CRITICAL), (3, Status.UNKNOWN), (77, Status.UNKNOWN)],
)
def test_the_exit_code_is_the_verdict(tmp_path: Path, code: int, status: Status) -> None:
    verdict = observe(plugin(tmp_path, f"echo 'SOMETHING - told | t=3ms;5;9'; exit {code}"), PluginProcess())
    assert (verdict.status, verdict.summary) == (status, "SOMETHING - told")
    assert verdict.metrics == (Metric("t", 0.003, "s", info=True),)


def test_a_missing_program_is_unknown_with_a_reason(tmp_path: Path) -> None:
    settings = PluginSettings(command=[str(tmp_path / "none")], target="x")
    verdict = observe(as_check("none", settings, Kind.HOST), PluginProcess())
    assert verdict.status is Status.UNKNOWN
    assert "cannot be started" in verdict.summary


def test_a_hanging_plugin_is_killed_with_its_children(tmp_path: Path) -> None:
    mark = tmp_path / "alive"
    hanging = plugin(tmp_path, f"(sleep 20; touch {mark}) & sleep 20", timeout=0.3)
    lane = Lane("x", "x", "x", PluginProcess, 0.0, (hanging,))
    engine = Engine([lane], SystemClock(), 1)
    engine.start(lane, [(hanging, SystemClock().now())])
    found = []
    while not engine.idle:
        found += engine.poll(0.05)
    assert "no answer within" in found[0].verdict.summary
    assert found[0].seconds < 5
    assert not mark.exists()


def test_endless_output_is_cut(tmp_path: Path) -> None:
    verdict = observe(plugin(tmp_path, "yes 'OK - x' | head -c 10000000"), PluginProcess())
    assert verdict.summary == "OK - x"


def test_performance_data_in_all_its_forms() -> None:
    found = list(metrics("'a label'=12.5%;80;90;0;100 size=3KB time=1.5s;;; bad count=7c x=U"))
    assert [(m.name, m.value, m.unit) for m in found] == [
        ("a label", 12.5, "%"),
        ("size", 3072.0, "B"),
        ("time", 1.5, "s"),
        ("count", 7.0, ""),
    ]


def test_escape_codes_of_a_plugin_do_not_reach_the_terminal(tmp_path: Path) -> None:
    verdict = observe(plugin(tmp_path, r"printf '\033]0;evil\007 CRITICAL'; exit 2"), PluginProcess())
    assert "\x1b" not in verdict.summary
