"""The laws of the shipped billing checks: silent on a clean firm, and each finds its problem."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lexops.billing.firm.problems import PROBLEMS
from lexops.checks.contract import RunnableCheck
from lexops.checks.model import Area, Finding
from lexops.checks.sqlcheck import parse
from lexops.targets.model import Kind, Target
from tests.billing.conftest import TODAY, Firm

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "checks" / "billing").glob("*.sql"))
CHECKS = {
    check.check.id: check for check in (parse(file.read_text(), file.name, asof=TODAY) for file in FILES)
}
"""They speak about the day the firms were built for: midnight may pass while the tests run."""
CONFIDENTIAL = {"name", "narrative", "description", "email", "payee", "tax_id"}


class Reader:
    """What a SQL check needs of a database."""

    def __init__(self, firm: Firm) -> None:
        self.kind: Kind = firm.kind
        self.target = Target("billing", firm.kind, profile="reference")
        self._engine = firm.engine

    def rows(self, sql: str) -> list[dict[str, Any]]:
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.exec_driver_sql(sql).mappings()]


def findings(check: RunnableCheck, firm: Firm) -> list[Finding]:
    found = list(check.collect(Reader(firm)))
    assert all(isinstance(finding, Finding) for finding in found)
    return found  # type: ignore[return-value]


@pytest.mark.parametrize("id", sorted(CHECKS))
def test_a_clean_firm_has_no_findings(clean_firm: Firm, id: str) -> None:
    assert findings(CHECKS[id], clean_firm) == []


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.id)
def test_a_planted_problem_is_found_by_its_check(demo_firm: Firm, problem: Any) -> None:
    if demo_firm.kind not in problem.engines:
        assert problem.id not in demo_firm.summary.problems
        return
    assert problem.id in demo_firm.summary.problems
    if problem.check == "sqlite.freelist":
        with demo_firm.engine.connect() as connection:
            free = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        assert free > pages / 4
        return
    found = findings(CHECKS[problem.check], demo_firm)
    assert found
    for finding in found:
        assert "{" not in finding.text, "a column of the text is not selected"
        assert not CONFIDENTIAL & finding.detail.keys()
        assert finding.key not in ("", "None")


def test_problems_do_not_drown_in_each_other(demo_firm: Firm) -> None:
    found = {id: len(findings(check, demo_firm)) for id, check in CHECKS.items()}
    assert {id for id, count in found.items() if count} <= {problem.check for problem in PROBLEMS}
    assert max(found.values()) <= 30


def test_nothing_in_the_data_says_that_a_problem_was_planted(demo_firm: Firm) -> None:
    edits = " ".join(edit.lower() for problem in PROBLEMS for edit in problem.edits)
    assert not any(word in edits for word in ("plant", "fake", "wrong", "problem", "demo"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_check_file_says_what_it_is(file: Path) -> None:
    check = parse(file.read_text(), file.name).check
    assert check.id == f"billing.{file.stem}"
    assert check.area is Area.BILLING
    assert check.meaning and check.mend and check.source
    assert check.entities
    assert "%" not in file.read_text(), "drivers read a percent sign as a parameter"


def test_the_demo_page_tells_every_problem() -> None:
    page = (ROOT / "docs" / "demo-firm.md").read_text()
    for problem in PROBLEMS:
        assert f"| {problem.title} |" in page
        assert f"`{problem.check}`" in page
