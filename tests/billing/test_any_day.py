"""The firm is as sound, and as faulty, on every day on which somebody may build it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, NullPool, create_engine

from lexops.billing import logical
from lexops.billing.firm import Size, build_firm
from lexops.billing.firm.problems import PROBLEMS
from lexops.checks import sqlcheck
from lexops.targets.model import Kind

ROOT = Path(__file__).parents[2]
FILES = [sqlcheck.read(path.read_text()) for path in (ROOT / "checks" / "billing").glob("*.sql")]
DAYS = [date(2026, 12, 31), date(2027, 1, 4), date(2028, 2, 29)]
MORE = [date(2027, 1, 31) + timedelta(days=13 * n) for n in range(28)]


def firing(engine: Engine, day: date) -> set[str]:
    """The checks that find something, as of a day."""
    profile, found = logical.reference_profile(), set()
    with engine.connect() as connection:
        for file in FILES:
            sql = logical.compose(file.sql, Kind.SQLITE, profile, asof=day)
            if connection.exec_driver_sql(sql).first() is not None:
                found.add(file.header["id"])
    return found


@pytest.mark.parametrize(
    "day", [*DAYS, *(pytest.param(day, marks=pytest.mark.heavy) for day in MORE)], ids=str
)
def test_the_firm_of_any_day_is_clean_until_its_problems_are_made(tmp_path: Path, day: date) -> None:
    for problems in (False, True):
        engine = create_engine(f"sqlite:///{tmp_path}/{problems}.db", poolclass=NullPool)
        firm = build_firm(engine, size=Size.SMALL, today=day, problems=problems)
        expected = {p.check for p in PROBLEMS if p.check.startswith("billing.")} if problems else set()
        assert firing(engine, day) == expected
        assert set(firm.problems) == ({problem.id for problem in PROBLEMS} if problems else set())
        with engine.connect() as connection:
            fees = connection.exec_driver_sql("SELECT COUNT(DISTINCT fee_type) FROM matter").scalar_one()
        assert fees == 7
