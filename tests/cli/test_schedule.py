"""Schedules on the command line: as the site's file and the worker have them, and run by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lexops.auth.identity import account
from tests.cli.commands import lexops
from tests.sites import write_site

SCHEDULE = """
[schedules.yearly-look]
cron = "15 2 1 1 *"
zone = "Europe/Zurich"
operation = "incident.open"
arguments = { title = "look at the year" }
operator = "ME"

[schedules.resting]
cron = "@daily"
operation = "incident.open"
arguments = { title = "never" }
operator = "ME"
enabled = false
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    write_site(tmp_path, SCHEDULE.replace("ME", account()))
    return tmp_path


def test_the_list_says_what_runs_when_and_as_whom(site: Path) -> None:
    shown = lexops(site, "schedule", "list").stdout
    assert "15 2 1 1 * Europe/Zurich" in shown and "-01-01 01:15:00 UTC" in shown
    assert "never" in shown and "disabled" in shown
    yearly, resting = json.loads(lexops(site, "schedule", "list", "--json").stdout)["schedules"]
    assert (yearly["operation"], yearly["operator"], yearly["missed"]) == ("incident.open", account(), 0)
    assert (resting["enabled"], resting["next"], yearly["last"]) == (False, None, None)


def test_a_schedule_is_run_by_hand_through_the_gate(site: Path) -> None:
    done = lexops(site, "schedule", "run", "yearly-look")
    assert (done.returncode, done.stdout) == (0, "incident #1 opened\n")
    (entry, *_) = json.loads(lexops(site, "audit", "log", "--json").stdout)["entries"]
    assert (entry["kind"], entry["who"], entry["personal"]["title"]) == (
        "done",
        account(),
        "look at the year",
    )
    plan = lexops(site, "schedule", "run", "yearly-look", "--plan")
    assert (plan.returncode, "incident.open" in plan.stdout) == (0, True)
    assert len(json.loads(lexops(site, "incident", "list", "--json").stdout)["incidents"]) == 1


def test_an_unknown_schedule_is_one_line_with_those_there_are(site: Path) -> None:
    done = lexops(site, "schedule", "run", "weekly")
    assert (done.returncode, "yearly-look, resting" in done.stderr) == (2, True)


def test_a_site_without_schedules_says_so(tmp_path: Path) -> None:
    write_site(tmp_path)
    done = lexops(tmp_path, "schedule", "list")
    assert (done.returncode, done.stdout, "no schedules" in done.stderr) == (0, "", True)
