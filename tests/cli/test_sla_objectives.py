"""Objectives on the command line: numbers that are never better than what is known, and exit codes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from lexops.checks.model import Status
from lexops.checks.tables import result_table
from lexops.checks.view import Burn, DayOfHours, ObjectiveView
from lexops.cli import present_objectives as present
from lexops.cli.program import table
from lexops.errors import Exit
from lexops.store.database import Store, open_engine
from lexops.trends.availability import Availability, State
from tests.cli.commands import lexops
from tests.clock import START
from tests.sites import write_site

SITE = """
[targets.db]
kind = "sqlite"
url = "sqlite:///db.db"
[targets.other]
kind = "sqlite"
url = "sqlite:///other.db"
[objectives.billing]
title = "Billing."
targets = ["db"]
objective = 99.9
client = "ACME"
[objectives.quiet]
targets = ["other"]
objective = 99
window = "7d"
"""
Row = tuple[str, Status, timedelta, timedelta]


@pytest.fixture
def site(tmp_path: Path) -> Callable[[list[Row]], Path]:
    """A site whose targets' availability checks found these runs: target, status, first and last look."""

    def made(rows: list[Row]) -> Path:
        write_site(tmp_path, SITE)
        assert lexops(tmp_path, "status").returncode == 3, "nothing was looked at yet"
        now = datetime.now(UTC)
        store = Store(open_engine("sqlite:///lexops.db", tmp_path))
        with store.begin() as connection:
            for target, status, start, end in rows:
                run = {"target": target, "check": "sqlite.availability", "status": status.value}
                run |= {"soft": False, "first": now - start, "last": now - end}
                connection.execute(
                    insert(result_table).values(run | {"times": 2, "seconds": 0.1, "summary": ""})
                )
        store.close()
        return tmp_path

    return made


NEVER, MONTH, HOUR, SECOND = timedelta(), timedelta(days=31), timedelta(hours=1), timedelta(seconds=1)
WELL: list[Row] = [("db", Status.OK, MONTH, NEVER), ("other", Status.OK, MONTH, NEVER)]
BURNING: list[Row] = [
    ("db", Status.OK, MONTH, timedelta(minutes=20) + SECOND),
    ("db", Status.CRITICAL, timedelta(minutes=20), NEVER),
]


def _shown(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    return {line.split()[0]: line for line in done.stdout.splitlines()[1:]}


def test_well_kept_promises_are_shown_with_their_budgets(site: Callable[[list[Row]], Path]) -> None:
    done = lexops(site(WELL), "sla", "objectives")
    assert (done.returncode, done.stderr) == (0, "")
    billing = _shown(done)["billing"]
    for text in ("99.9 % of 30 d", "100 %", "43 min of 43 min (100.0 %)", "0 over 1 h"):
        assert text in billing
    assert "1 h 40 of 1 h 40" in _shown(done)["quiet"]


def test_a_burning_budget_is_exit_1_and_what_nobody_saw_is_not_available(
    site: Callable[[list[Row]], Path],
) -> None:
    folder = site(BURNING)
    done = lexops(folder, "sla", "objectives")
    assert done.returncode == 1
    shown = _shown(done)
    assert "CRITICAL: burns too fast" in shown["billing"]
    assert shown["quiet"].split()[6:] == ["n/a", "0", "%", "n/a", "n/a"]
    billing, quiet = json.loads(lexops(folder, "sla", "objectives", "--json").stdout)["objectives"]
    assert (billing["alerting"], billing["missed"], billing["client"], billing["state"]) == (
        True,
        False,
        "ACME",
        "down",
    )
    assert [burn["alerting"] for burn in billing["burns"]] == [True] * 4
    assert (quiet["availability"], quiet["coverage"], quiet["left_seconds"]) == (None, 0.0, None)


def test_not_knowing_is_exit_3(site: Callable[[list[Row]], Path]) -> None:
    folder = site(WELL[:1])
    assert lexops(folder, "sla", "objectives").returncode == 3
    assert lexops(folder, "sla", "objectives", "billing").returncode == 0
    assert lexops(folder, "sla", "objectives", "quiet").returncode == 3


def test_one_objective_tells_its_alerts_and_days(site: Callable[[list[Row]], Path]) -> None:
    folder = site(BURNING)
    done = lexops(folder, "sla", "objectives", "billing")
    assert done.returncode == 1
    for text in ("billing: Billing", "ACME", "limit 14.4", "hours (UTC)", "db"):
        assert text in done.stdout
    (document,) = json.loads(lexops(folder, "sla", "objectives", "billing", "--json").stdout)["objectives"]
    down = sum(hour["down_seconds"] for day in document["days"] for hour in day["hours"])
    assert down == pytest.approx(document["down_seconds"])
    assert document["spent_seconds"] == document["down_seconds"] > 1199


def test_an_unknown_objective_and_a_site_without_any(
    site: Callable[[list[Row]], Path], tmp_path: Path
) -> None:
    folder = site([])
    done = lexops(folder, "sla", "objectives", "bililng")
    assert (done.returncode, "billing, quiet" in done.stderr) == (2, True)
    empty = tmp_path / "empty"
    empty.mkdir()
    write_site(empty)
    done = lexops(empty, "sla", "objectives")
    assert (done.returncode, done.stdout, "no objectives" in done.stderr) == (0, "", True)


# The presenter.

VIEW = ObjectiveView(
    "billing",
    "Billing",
    "",
    ("db",),
    99.9,
    timedelta(days=30),
    START,
    State.UP,
    Availability(timedelta(days=29), timedelta(minutes=30), timedelta(hours=23.5)),
    (Burn(timedelta(hours=1), timedelta(minutes=5), 0.5, None, 14.4, False, Status.CRITICAL),),
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "n/a"),
        (100.0, "100 %"),
        (99.99999999, "99.999 %"),
        (100 - 1e-13, "99.999 %"),
        (64.1, "64.1 %"),
        (96.6101, "96.61 %"),
        (0.0, "0 %"),
    ],
)
def test_a_share_is_cut_off_and_never_rounded_up(value: float | None, text: str) -> None:
    assert present.percent(value) == text


def test_little_knowledge_and_a_missed_promise_are_told_beside_the_numbers() -> None:
    assert present.objective_row(VIEW)[-1] == ""
    blurred = replace(VIEW, found=Availability(timedelta(days=10), timedelta(hours=1), timedelta(days=19)))
    assert present.objective_row(blurred)[-1] == "MISSED, little is known"
    assert present.exit_code([blurred, VIEW]) is Exit.PROBLEMS
    assert "nobody looks at db" in present.objective_row(replace(VIEW, unseen=("db",)))[-1]


@pytest.mark.parametrize(
    ("hour", "sign"),
    [
        (Availability(up=HOUR), "·"),
        (Availability(up=0.995 * HOUR, down=0.005 * HOUR), "▁"),
        (Availability(up=0.95 * HOUR, down=0.05 * HOUR), "▄"),
        (Availability(down=0.1 * HOUR, unknown=0.9 * HOUR), "█"),
        (Availability(up=0.1 * HOUR, unknown=0.9 * HOUR), "?"),
        (Availability(maintenance=HOUR), "m"),
        (Availability(), " "),
    ],
)
def test_an_hour_shows_the_worst_that_is_known_of_it(hour: Availability, sign: str) -> None:
    view = replace(VIEW, hours=(DayOfHours(START.date(), (hour,)),))
    assert present.objective_lines(view, ZoneInfo("UTC"))[-1].startswith(f"  2026-03-02  {sign}")


@given(st.text(max_size=60) | st.sampled_from(["\x1b]0;x\x07", "a\nb", "\u202egnp"]))
def test_a_hostile_title_stays_on_its_line(text: str) -> None:
    hostile = replace(VIEW, title=text, client=text, name="x")
    shown = "\n".join(
        [*present.objective_lines(hostile, ZoneInfo("UTC")), *table([present.objective_row(hostile)])]
    )
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)
    assert len(shown.split("\n")) == len(present.objective_lines(VIEW, ZoneInfo("UTC"))) + 1
