"""Small firms on the three engines, each built once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, NullPool, create_engine

from lexops.billing.firm import FirmSummary, Size, build_firm
from lexops.targets.model import DATABASES, Kind

TODAY = datetime.now(UTC).date()
"""The day the firms are built for."""


@dataclass(frozen=True)
class Firm:
    """A demo firm in a database."""

    kind: Kind
    engine: Engine
    summary: FirmSummary
    today: date = TODAY


@pytest.fixture(scope="session", params=sorted(DATABASES))
def kind(request: pytest.FixtureRequest) -> Kind:
    return Kind(request.param)


@pytest.fixture(scope="session")
def empty(
    kind: Kind, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Engine]:
    """Makes engines on fresh, empty databases."""

    def make() -> Engine:
        if kind is Kind.SQLITE:
            url = f"sqlite:///{tmp_path_factory.mktemp('billing') / 'billing.db'}"
        else:
            url = request.getfixturevalue(kind.value).database()
        return create_engine(url, poolclass=NullPool)

    return make


@pytest.fixture(scope="session")
def clean_firm(kind: Kind, empty: Callable[[], Engine]) -> Iterator[Firm]:
    engine = empty()
    yield Firm(kind, engine, build_firm(engine, size=Size.SMALL, today=TODAY, problems=False))
    engine.dispose()


@pytest.fixture(scope="session")
def demo_firm(kind: Kind, empty: Callable[[], Engine]) -> Iterator[Firm]:
    engine = empty()
    yield Firm(kind, engine, build_firm(engine, size=Size.SMALL, today=TODAY))
    engine.dispose()
