"""SQL files as checks."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from textwrap import dedent

import pytest

from lexops.checks.engine import observe
from lexops.checks.model import Area, Status
from lexops.checks.sqlcheck import parse
from lexops.targets.database import PostgreSQL, SQLite
from lexops.targets.model import DATABASES, Kind, Target
from tests.servers import DatabaseServer

FINDINGS = """\
-- id: site.stuck-jobs
-- title: Jobs are stuck
-- area: health
-- on: sqlite
-- rows: findings
-- key: id
-- text: Job {id} ({name}) waits {waits} h for {amount}
-- severity: critical
-- money: amount
-- hours: waits
-- meaning: A stuck job means
--   that bills are late.
-- mend: Restart it.
SELECT id, name, amount, waits FROM job
"""
VALUES = """\
-- id: site.queue
-- title: Queue
-- rows: values
-- unit: s
-- warn: 10
-- crit: 50%
SELECT 7 AS value, 'mail' AS item, 100 AS "limit"
"""


@pytest.fixture
def database(tmp_path: Path) -> SQLite:
    path = tmp_path / "x.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE job (id INTEGER, name TEXT, amount INTEGER, waits INTEGER)")
    connection.execute("INSERT INTO job VALUES (7, 'nightly\x1b[2J run', 123456, 15000)")
    connection.commit()
    connection.close()
    return SQLite(Target("x", Kind.SQLITE), path, 5.0)


def test_rows_that_are_findings_are_told_with_money_and_hours_as_people_write_them(database: SQLite) -> None:
    verdict = observe(parse(FINDINGS, "here"), database)
    assert verdict.status is Status.CRITICAL
    assert verdict.summary == "Job 7 (nightly␛[2J run) waits 1.50 h for 1,234.56"
    assert verdict.findings[0].key == "7"


def test_rows_that_are_values_are_judged(database: SQLite) -> None:
    verdict = observe(parse(VALUES, "here"), database)
    assert (verdict.status, verdict.metrics[0].item, verdict.metrics[0].limit) == (Status.OK, "mail", 100.0)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("max(waits) AS value FROM job WHERE id > 99", "value, but NULL came"),
        ("1 AS wrong", "no such column"),
        ("'x' AS value", "value, but 'x' came"),
        ("1 AS value, 'y' AS \"limit\"", "limit, but 'y' came"),
    ],
)
def test_a_row_without_a_number_is_told_as_a_fault_of_the_query(
    database: SQLite, row: str, says: str
) -> None:
    verdict = observe(parse(f"-- id: x\n-- title: t\n-- rows: values\nSELECT {row}", "here"), database)
    assert verdict.status is Status.UNKNOWN
    assert verdict.summary.startswith("could not look: ") and says in verdict.summary


def test_a_key_that_no_row_has_is_told_with_what_they_have(database: SQLite) -> None:
    verdict = observe(parse("-- id: x\n-- title: t\n-- key: number\nSELECT 1 AS id", "here"), database)
    assert verdict.status is Status.UNKNOWN and "key: rows have no column number" in verdict.summary


def test_the_examples_of_the_handbook_run_where_nothing_waits(postgresql: DatabaseServer) -> None:
    page = (Path(__file__).parents[2] / "docs" / "writing-checks.md").read_text(encoding="utf-8")
    found = [dedent(text) for text in re.findall(r"(?:^    .+\n)+", page, re.MULTILINE)]
    examples = [parse(text, "the handbook") for text in found if text.startswith("-- id: ")]
    assert [each.check.kinds for each in examples] == [{Kind.POSTGRESQL}] * 2
    url = postgresql.database()
    table = "CREATE TABLE job (id int, state text, since timestamptz, created timestamptz)"
    postgresql.execute(table, url=url)
    session = PostgreSQL(Target("x", Kind.POSTGRESQL), url)
    verdicts = [observe(each, session) for each in examples]
    session.close()
    assert [verdict.status for verdict in verdicts] == [Status.OK, Status.OK], verdicts


def test_the_header_becomes_the_declaration() -> None:
    check = parse(FINDINGS, "here").check
    assert (check.area, check.kinds, check.attempts) == (Area.HEALTH, frozenset({Kind.SQLITE}), 1)
    assert check.meaning == "A stuck job means that bills are late."


def test_a_check_over_billing_entities_is_not_applicable_without_a_profile(database: SQLite) -> None:
    runnable = parse("-- id: x\n-- title: t\nSELECT invoice_id FROM lx_invoice", "here")
    assert runnable.check.entities == {"invoice"}
    assert runnable.check.kinds == DATABASES
    verdict = observe(runnable, database)
    assert verdict.status is Status.NOT_APPLICABLE
    assert "profile" in verdict.summary


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("-- id: x\nSELECT 1", "title"),
        ("-- title: t\nSELECT 1", "id"),
        ("-- id: x\n-- title: t\n-- colour: red\nSELECT 1", "unknown key 'colour'"),
        ("-- id: x\n-- title: t\n-- rows: cows\nSELECT 1", "neither findings nor values"),
        ("-- id: x\n-- title: t\n", "no SELECT"),
        ("-- id: x\n-- title: t\n-- every: soon\nSELECT 1", "duration"),
        ("-- id: x\n-- title: t\n-- on: oracle\nSELECT 1", "oracle"),
        ("-- id: x\n-- title: t\nSELECT 1 FROM lx_dragon", "dragon"),
    ],
)
def test_a_wrong_file_is_refused_with_the_reason(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse(text, "here")


def test_a_site_check_cannot_write(database: SQLite) -> None:
    verdict = observe(parse("-- id: x\n-- title: t\nDELETE FROM job RETURNING id", "here"), database)
    assert verdict.status is Status.UNKNOWN
    assert len(database.rows("SELECT id FROM job")) == 1


def test_more_rows_than_are_read_are_told(database: SQLite) -> None:
    numbers = "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 100000)"
    many = f"-- id: x\n-- title: t\n{numbers} SELECT id FROM n"
    verdict = observe(parse(many, "here"), database)
    assert verdict.total == 10_000
    assert [note.label for note in verdict.notes] == ["cut", "kept"]
