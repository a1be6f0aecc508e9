"""The logical model as SQL: entities, macros and profiles."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from lexops.billing.logical import Profile, compose, entities, expand, reference_profile
from lexops.billing.model import ENTITIES
from lexops.targets.model import Kind

PROFILE = Profile("tiny", {"client": "SELECT id AS client_id FROM kunde"})


def test_the_entities_of_a_statement_are_found() -> None:
    sql = "SELECT 1 FROM lx_invoice i JOIN lx_invoice_line l ON l.text <> 'lx_client' -- lx_matter"
    assert entities(sql) == {"invoice", "invoice_line"}


def test_an_entity_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match="no such entity: lx_invoce"):
        entities("SELECT 1 FROM lx_invoce")


def test_only_the_entities_named_are_put_in_front() -> None:
    sql = compose("SELECT client_id FROM lx_client", Kind.MARIADB, PROFILE)
    assert sql == "WITH lx_client AS (SELECT id AS client_id FROM kunde)\nSELECT client_id FROM lx_client"


@pytest.mark.parametrize("start", ["WITH x AS", "with\n x AS", "-- why\n\nWITH x AS"])
def test_a_with_of_the_statement_is_merged(start: str) -> None:
    sql = compose(f"{start} (SELECT 1 FROM lx_client) SELECT * FROM x;", Kind.MARIADB, PROFILE)
    client = "lx_client AS (SELECT id AS client_id FROM kunde)"
    assert sql == f"WITH {client}, x AS (SELECT 1 FROM lx_client) SELECT * FROM x"


def test_a_recursive_with_stays_recursive() -> None:
    sql = compose("WITH RECURSIVE x AS (SELECT 1 FROM lx_client) SELECT * FROM x", Kind.MARIADB, PROFILE)
    assert sql.startswith("WITH RECURSIVE lx_client AS (")


def test_what_a_profile_lacks_is_said() -> None:
    assert PROFILE.missing(frozenset({"client", "rate"})) == {"rate"}
    with pytest.raises(ValueError, match="profile tiny has no rate"):
        compose("SELECT 1 FROM lx_rate", Kind.SQLITE, PROFILE)


def test_macros_nest_and_keep_commas_in_strings_and_brackets() -> None:
    macros: dict[str, Callable[..., str]] = {"f": lambda a, b: f"<{a}|{b}>", "g": lambda a: f"[{a}]"}
    assert expand("@f(h(1, 2), @g('x,)@f('))", macros) == "<h(1, 2)|['x,)@f(']>"


@given(st.text("ab(),' -\n\"", max_size=30))
def test_text_without_macros_is_left_alone(text: str) -> None:
    assert expand(text, {}) == text


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT @wat(1)", "no such macro: @wat"),
        ("SELECT @days('2026-01-01')", "@days does not take 1 arguments"),
        ("SELECT @len('x'", "@len\\( is not closed"),
        ("SELECT @", "no such macro: @"),
    ],
)
def test_a_wrong_macro_is_explained(sql: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        compose(sql, Kind.SQLITE, PROFILE)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("@days(d, @add(d, 40))", 40),
        ("@days(t, d)", -1),
        ("@days(d, @asof)", 15),
        ("@mins(t, u)", 89),
        ("@ym(d)", "2026-02"),
        ("@len(w)", 5),
        ("@cat(w, '/', @len(w))", "Zoë é/5"),
        ("@int(7)", 7),
    ],
)
def test_macros_mean_the_same_on_every_engine(
    kind: Kind, empty: Callable[[], Engine], expression: str, value: object
) -> None:
    columns = "d date, t timestamp NULL, u timestamp NULL, w varchar(20)"
    row = "'2026-02-28', '2026-03-01 09:00:00', '2026-03-01 10:29:59', 'Zoë é'"
    sql = compose(f"SELECT {expression} FROM sample", kind, PROFILE, asof=date(2026, 3, 15))
    with empty().connect() as connection:
        connection.exec_driver_sql(f"CREATE TABLE sample ({columns})")
        connection.exec_driver_sql(f"INSERT INTO sample VALUES ({row})")
        assert connection.exec_driver_sql(sql).scalar_one() == value


def test_without_a_day_the_server_says_what_today_is(kind: Kind, empty: Callable[[], Engine]) -> None:
    sql = compose("SELECT @days('2020-01-01', @asof)", kind, PROFILE)
    with empty().connect() as connection:
        days = connection.exec_driver_sql(sql).scalar_one()
    assert days > 2_000


def test_the_reference_profile_has_every_entity() -> None:
    assert reference_profile().selects.keys() == ENTITIES.keys()
    assert len(ENTITIES) == 36


def test_references_go_to_entities_declared_before() -> None:
    seen: set[str] = set()
    for entity in ENTITIES.values():
        seen.add(entity.name)
        assert {field.refers for field in entity.fields if field.refers} <= seen
        assert set(entity.key) <= set(entity.columns)
