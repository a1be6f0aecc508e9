"""The same questions to every shipped check."""

from __future__ import annotations

import re
from collections import Counter
from importlib.resources import files
from types import ModuleType

import pytest

import lexops_checks
from lexops.checks.contract import RunnableCheck
from lexops.checks.registry import load
from lexops.targets.model import Kind
from tests.shipped.looking import FAMILIES, SHIPPED

PACKAGE = files("lexops_checks")
SQL = [
    pytest.param(folder, file.name, id=f"{folder}/{file.name}")
    for folder in FAMILIES
    for file in (PACKAGE / folder).iterdir()
    if file.name.endswith(".sql")
]

MASKED = ("postgresql/blocked-sessions.sql", "postgresql/long-queries.sql", "postgresql/statement-texts.sql")
"""Those that give the text of statements: their checks mask it, which the tests of these checks show."""


@pytest.fixture(params=SHIPPED.values(), ids=list(SHIPPED))
def runnable(request: pytest.FixtureRequest) -> RunnableCheck:
    found: RunnableCheck = request.param
    return found


def test_a_check_says_what_it_looks_at_why_and_what_to_do(runnable: RunnableCheck) -> None:
    check = runnable.check
    assert re.fullmatch(r"[A-Z][^.]+", check.title)
    assert check.meaning.endswith(".")
    assert len(check.meaning) > 40
    assert check.mend.endswith(".")
    assert check.source
    assert "\n" not in check.mend + check.source


def test_a_check_is_named_after_its_kind(runnable: RunnableCheck) -> None:
    [kind] = runnable.check.kinds
    folder = "own" if kind is Kind.LEXOPS else kind
    assert re.fullmatch(rf"{kind}\.[a-z]+(-[a-z]+)*", runnable.check.id)
    assert runnable.check.origin == f"lexops_checks.{folder}"


def test_a_check_ends_before_it_is_due_again(runnable: RunnableCheck) -> None:
    assert runnable.check.timeout < runnable.check.every
    assert runnable.check.attempts >= 1


def test_thresholds_are_ranges_in_which_critical_is_worse_than_warning(runnable: RunnableCheck) -> None:
    warn, crit = runnable.check.levels.warn, runnable.check.levels.crit
    if warn is not None and crit is not None:
        assert (warn.percent, warn.inside) == (crit.percent, crit.inside)
        assert crit.low <= warn.low
        assert warn.high <= crit.high
        assert (warn.low, warn.high) != (crit.low, crit.high)


def test_no_check_is_forgotten_in_the_visible_list() -> None:
    declared = Counter(
        value.check.id
        for family in FAMILIES
        for module in vars(getattr(lexops_checks, family)).values()
        if isinstance(module, ModuleType)
        for value in vars(module).values()
        if isinstance(value, RunnableCheck)
    )
    assert declared == Counter(list(SHIPPED))


def test_each_kind_has_one_availability_check_that_is_asked_every_minute() -> None:
    found = {check.id: check for check in (r.check for r in SHIPPED.values()) if check.availability}
    assert sorted(found) == sorted(f"{kind}.availability" for kind in Kind)
    assert {check.every.total_seconds() for check in found.values()} == {60}


def test_the_entry_point_gives_every_check_once() -> None:
    given = Counter(runnable.check.id for runnable in lexops_checks.checks())
    assert set(given.values()) == {1}
    assert set(SHIPPED) <= set(given)


def test_what_is_installed_loads_without_a_complaint() -> None:
    registry = load()
    assert registry.broken == {}
    assert set(SHIPPED) <= set(registry.checks)


@pytest.mark.parametrize(("folder", "name"), SQL)
def test_a_sql_file_says_what_it_gives_and_only_reads(folder: str, name: str) -> None:
    text = (PACKAGE / folder / name).read_text(encoding="utf-8")
    assert text.startswith("-- ")
    statement = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    assert statement.split()[0] in ("SELECT", "WITH", "SHOW")
    assert ";" not in statement
    assert f"{folder}/{name}" in MASKED or not re.search(r"\bquery\b(?! LIKE)", statement)


@pytest.mark.parametrize(("folder", "name"), SQL)
def test_a_sql_file_is_used(folder: str, name: str) -> None:
    stem = name.partition(".")[0]
    code = "".join(f.read_text() for f in (PACKAGE / folder).iterdir() if f.name.endswith(".py"))
    assert f'"{stem}"' in code


@pytest.mark.parametrize(("folder", "name"), SQL)
def test_a_variant_gives_at_least_the_columns_of_the_first(folder: str, name: str) -> None:
    base = (PACKAGE / folder / f"{name.partition('.')[0]}.sql").read_text()
    assert _columns(base) <= _columns((PACKAGE / folder / name).read_text())


def _columns(sql: str) -> set[str]:
    return set(re.findall(r"^    .*\bAS (\w+),?$", sql, re.MULTILINE))
