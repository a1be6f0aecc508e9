"""Statements are shown without what they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.targets.masking import masked

SECRET = "Whistleblower"
POSTGRESQL = [
    f"'{SECRET}'",
    f"'it''s {SECRET}'",
    f"'C:\\' || '{SECRET}'",
    f"e'it\\'s {SECRET}'",
    f"E'\\\\' || E'{SECRET} '''",
    f"N'{SECRET}'",
    f"U&'{SECRET}\\0041'",
    f"$${SECRET}$$",
    f"$a$ $A$ ' $$ {SECRET} $a$",
    f"-- {SECRET} '\n1",
    f"/* /* {SECRET} */ ' {SECRET} */ 1",
    f"O'Neil AND who = '{SECRET}'",
    f"\u201c$$ '{SECRET[:4]} $$ {SECRET}'",
    f"'a\\\\' || '{SECRET}'",
    f"'a' || '{SECRET}",
]
MARIADB = [
    f"'{SECRET}'",
    f'"{SECRET}"',
    f"'it\\'s {SECRET}'",
    f'"say ""{SECRET}"""',
    f"_utf8mb4'{SECRET}'",
    f"# {SECRET} '\n1",
    f"-- {SECRET} '\n1",
    f"5--'\n{SECRET}'",
    f"/* /* */ '{SECRET}'",
    f"/*!50000 '*/ {SECRET}' */",
    f"`it's` = '{SECRET}'",
    f"/*!99999 it's */ '{SECRET}'",
    f"/*M!100100 STRAIGHT_JOIN */ '{SECRET}'",
    f"'a\\\\' || '{SECRET}'",
    f"5--\xa0'\n{SECRET}'",
    f"$$'{SECRET}'$$",
]


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        (
            "UPDATE time_entry SET narrative = 'Advice to Acme', hours=1.25 WHERE id IN (1, 2,3)",
            "UPDATE time_entry SET narrative = ?, hours=? WHERE id IN (?, …)",
        ),
        ('SELECT\n\t*  FROM "Invoice" i WHERE i.no = $1', 'SELECT * FROM "Invoice" i WHERE i.no = ?'),
        ("SELECT x'4d', 0x4D, 1e-5, .5, -7 FROM invoice_2024", "SELECT ?, ?, ?-?, ?, -? FROM invoice_?"),
        ("/* matter 4711 */ COMMIT -- for Acme", "COMMIT"),
        ("SELECT a FROM t WHERE b = 'cut of", "SELECT a FROM t WHERE b = ?…"),
        ("SELECT data->>'client' #> '{a}' FROM t", "SELECT data->>? #> ? FROM t"),
    ],
)
def test_a_statement_keeps_its_shape_and_loses_its_values(statement: str, shown: str) -> None:
    assert masked(statement) == shown


def test_what_mariadb_executes_in_comments_is_shown() -> None:
    assert masked("/*!40101 SET a = 1 */", mariadb=True) == "SET a = ?"
    assert masked("/*!40101 SET a = 'b' */", mariadb=True) == "?…"


def test_double_quotes_are_names_for_postgresql_and_strings_for_mariadb() -> None:
    assert masked('SELECT "a" FROM b') == 'SELECT "a" FROM b'
    assert masked('SELECT "a", `b` FROM c # Acme', mariadb=True) == "SELECT ?, `b` FROM c"


def test_a_long_statement_is_cut() -> None:
    assert masked("SELECT " + "a, " * 200, limit=20) == "SELECT a, a, a, a, …"


@pytest.mark.parametrize("literal", POSTGRESQL)
def test_no_part_of_a_literal_is_shown_wherever_the_statement_is_cut(literal: str) -> None:
    _never_shown(f"SELECT a FROM b WHERE c = {literal} AND d = '{SECRET}'", mariadb=False)


@pytest.mark.parametrize("literal", MARIADB)
def test_no_part_of_a_literal_is_shown_to_mariadb_either(literal: str) -> None:
    _never_shown(f"SELECT a FROM b WHERE c = {literal} AND d = '{SECRET}'", mariadb=True)


@given(st.lists(st.sampled_from(POSTGRESQL[:11]), max_size=5), st.integers(0, 400))
def test_literals_in_a_row_are_told_apart(literals: list[str], cut: int) -> None:
    assert SECRET[:4] not in masked("SELECT " + ", ".join(literals)[:cut], limit=10_000)


@given(st.text(), st.booleans(), st.integers(1, 300))
def test_whatever_it_is_nothing_quoted_no_digit_and_no_control_character_comes_out(
    statement: str, mariadb: bool, limit: int
) -> None:
    shown = masked(statement, limit, mariadb=mariadb)
    assert len(shown) <= limit
    assert not any(sign.isdecimal() or sign == "'" or sign < " " for sign in shown)
    assert not (mariadb and '"' in shown)


@given(st.text(alphabet="aE1'\"$\\/*-#` \n,", max_size=40), st.booleans())
def test_quotes_in_disorder_never_let_a_quote_through(statement: str, mariadb: bool) -> None:
    shown = masked(statement, mariadb=mariadb)
    assert "'" not in shown
    assert masked(statement + "'", mariadb=mariadb).count("'") == 0


def _never_shown(statement: str, *, mariadb: bool) -> None:
    for end in range(len(statement) + 1):
        shown = masked(statement[:end], mariadb=mariadb)
        assert SECRET[:3] not in shown, statement[:end]
