"""The catalogue is complete: every shipped check explains itself, and a real fault proves it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import pytest

import lexops_checks
from lexops.billing.firm.problems import PROBLEMS
from lexops.checks.contract import Forecast, RunnableCheck
from lexops.checks.registry import load
from lexops.cli import present_checks
from lexops.targets.model import Kind
from tests.billing.test_every_check_fires import FAULTS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "checks.md"
SHIPPED = {runnable.check.id: runnable for runnable in lexops_checks.checks()}
GRANT = re.compile(r"(GRANT|ALTER|CREATE|SET|chmod|mount|setfacl|sudo|usermod)\b")
"""How a need beyond a log-in begins: a statement, or a command of the host."""


def marked(path: Path) -> Iterator[str]:
    """The checks that the tests of a file claim to fire."""
    module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    for function in vars(module).values():
        for mark in getattr(function, "pytestmark", ()):
            cases = mark.args[1] if mark.name == "parametrize" else ()
            for each in (mark, *(inner for case in cases for inner in getattr(case, "marks", ()))):
                if each.name == "fires":
                    yield from each.args


TESTS = [path for path in sorted((ROOT / "tests").rglob("test_*.py")) if path.name != Path(__file__).name]
MARKED = {id for path in TESTS if "mark.fires(" in path.read_text(encoding="utf-8") for id in marked(path)}
PROVEN = MARKED | set(FAULTS) | {problem.check for problem in PROBLEMS}


@pytest.fixture(params=SHIPPED.values(), ids=list(SHIPPED))
def runnable(request: pytest.FixtureRequest) -> RunnableCheck:
    found: RunnableCheck = request.param
    return found


def test_a_check_says_what_it_means_why_it_matters_and_what_to_do(runnable: RunnableCheck) -> None:
    check = runnable.check
    for text in (check.meaning, check.why, check.mend):
        assert len(text) > 20 and text.endswith("."), text
    assert check.meaning != check.why


def test_a_check_names_the_source_of_its_numbers(runnable: RunnableCheck) -> None:
    assert len(runnable.check.source) > 8


def test_a_check_names_the_fault_that_makes_it_fire(runnable: RunnableCheck) -> None:
    assert len(runnable.check.fault) > 8


def test_a_check_is_fired_by_a_test(runnable: RunnableCheck) -> None:
    assert runnable.check.id in PROVEN, "mark its test: @pytest.mark.fires(id)"


def test_a_need_is_a_statement_or_nothing_beyond_a_log_in(runnable: RunnableCheck) -> None:
    check = runnable.check
    assert not check.grants or GRANT.match(check.grants), check.grants
    if check.grants.startswith("GRANT"):
        assert "lexops" in check.grants


def test_a_named_metric_has_a_threshold(runnable: RunnableCheck) -> None:
    for name, levels in runnable.check.levels_of.items():
        assert present_checks.limits(levels), f"{name}: leave it to the check, or yield it as info"


def test_a_forecast_has_a_limit_to_run_into(runnable: RunnableCheck) -> None:
    for trend in runnable.trends:
        assert trend.metric
        if isinstance(trend, Forecast):
            assert 0 < trend.tight < 100


def test_no_test_claims_a_check_that_is_not_there() -> None:
    assert MARKED - set(load().checks) == set()


def test_sql_of_a_check_is_found_for_show() -> None:
    """Every SQL file of the shipped folders belongs to a check that tells it."""
    told = {
        (runnable.check.origin, name)
        for runnable in SHIPPED.values()
        for _, name in present_checks.sql_files(runnable)
    }
    there = {
        (f"lexops_checks.{folder.name}", file.name)
        for folder in files("lexops_checks").iterdir()
        if folder.is_dir() and folder.name in {*map(str, Kind), "billing", "own"}
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    }
    assert there - told == set()


def test_the_page_of_checks_is_the_one_that_is_generated() -> None:
    assert PAGE.read_text(encoding="utf-8") == present_checks.markdown(load().checks.values()), (
        "write it anew: lexops check list --catalogue --format markdown > docs/checks.md"
    )


def test_every_link_of_the_page_leads_somewhere() -> None:
    page = present_checks.markdown(load().checks.values())
    headings = re.findall(r"^##+ (.+)$", page, re.MULTILINE)
    anchors = {re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-")) for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) == anchors
