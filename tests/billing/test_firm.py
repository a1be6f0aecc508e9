"""The demo firm: believable, the same every time, whole or not there."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, inspect
from sqlalchemy.schema import CreateTable

from lexops.billing import migrate
from lexops.billing.exact import priced, share_of
from lexops.billing.firm import Size, build_firm
from lexops.billing.firm.bills import Bill, write
from lexops.billing.firm.build import NotEmpty, firm_rows
from lexops.billing.firm.master import utbms_rows
from lexops.billing.firm.model import SCALES, Plan
from lexops.billing.firm.narratives import phrases
from lexops.billing.firm.plan import make_plan
from lexops.billing.model import ENTITIES
from lexops.billing.schema import METADATA
from tests.billing.conftest import TODAY, Firm

DAY = date(2026, 3, 17)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(Size.SMALL, DAY, 1)


def fingerprint(plan: Plan) -> str:
    digest = hashlib.sha256()
    for entity, rows in firm_rows(plan):
        digest.update(repr((entity, [tuple(row) for row in rows])).encode())
    return digest.hexdigest()


def test_the_same_seed_and_day_give_the_same_rows(plan: Plan) -> None:
    assert fingerprint(plan) == fingerprint(make_plan(Size.SMALL, DAY, 1))


def test_another_seed_gives_another_firm(plan: Plan) -> None:
    assert fingerprint(plan) != fingerprint(make_plan(Size.SMALL, DAY, 2))


def test_rows_have_the_fields_of_their_entity(plan: Plan) -> None:
    for entity, rows in firm_rows(plan):
        fields = ENTITIES[entity].fields
        for row in rows:
            assert len(row) == len(fields), entity
            for field, value in zip(fields, row, strict=True):
                assert value is not None or not field.required, f"{entity}.{field.name}"


def test_the_large_firm_comes_month_by_month() -> None:
    large = make_plan(Size.LARGE, DAY, 1)
    entries = [len(rows) for entity, rows in islice(firm_rows(large), 45) if entity == "time_entry"]
    assert entries
    assert max(entries) < SCALES[Size.LARGE].entries / 40


def test_the_summary_counts_what_is_there(clean_firm: Firm) -> None:
    with clean_firm.engine.connect() as connection:
        entries = connection.exec_driver_sql("SELECT COUNT(*) FROM time_entry").scalar_one()
        invoices = connection.exec_driver_sql("SELECT COUNT(*) FROM invoice").scalar_one()
    summary = clean_firm.summary
    assert (summary.time_entries, summary.invoices) == (entries, invoices)
    assert summary.problems == ()
    assert 17_000 < entries < 23_000


def test_every_arrangement_and_every_table_is_used(clean_firm: Firm) -> None:
    with clean_firm.engine.connect() as connection:
        kinds = connection.exec_driver_sql("SELECT DISTINCT fee_type FROM matter").scalars().all()
        empty = [
            name
            for name in ENTITIES
            if name != "erasure_request"
            and not connection.exec_driver_sql(f"SELECT COUNT(*) FROM {name}").scalar_one()
        ]
    assert set(kinds) == {"hourly", "flat", "capped", "contingency", "blended", "retainer", "probono"}
    assert empty == []


@pytest.mark.parametrize(
    ("grade", "low", "high"), [("PARTNR", 4.5, 7.0), ("ASSOC", 6.0, 8.5), ("PARALG", 5.0, 8.0)]
)
def test_people_record_a_believable_day(clean_firm: Firm, grade: str, low: float, high: float) -> None:
    sql = f"""SELECT SUM(e.hours) / COUNT(DISTINCT e.tk_id * 1000000 + e.day) / 10000.0 FROM (
        SELECT e.tk_id, e.hours, e.work_date - DATE '2000-01-01' AS day FROM time_entry e
        JOIN timekeeper t ON t.tk_id = e.tk_id AND t.classification = '{grade}') e"""
    sqlite = sql.replace("e.work_date - DATE '2000-01-01'", "CAST(julianday(e.work_date) AS INTEGER)")
    mariadb = sql.replace("e.work_date - DATE '2000-01-01'", "TO_DAYS(e.work_date)")
    sql = {"sqlite": sqlite, "mariadb": mariadb}.get(clean_firm.kind, sql)
    with clean_firm.engine.connect() as connection:
        assert low < float(connection.exec_driver_sql(sql).scalar_one()) < high


def test_names_keep_their_letters(clean_firm: Firm) -> None:
    with clean_firm.engine.connect() as connection:
        names = connection.exec_driver_sql("SELECT name FROM client ORDER BY client_id").scalars().all()
    assert names == [client.name for client in make_plan(Size.SMALL, TODAY, 1).clients]
    assert any(not name.isascii() for name in names)


def test_sqlite_ends_in_wal_mode_with_sound_references(clean_firm: Firm) -> None:
    if clean_firm.kind != "sqlite":
        pytest.skip("the server keeps its own log and references")
    with clean_firm.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"


def test_a_database_with_billing_data_is_refused(clean_firm: Firm) -> None:
    with pytest.raises(NotEmpty, match="already holds billing data") as refusal:
        build_firm(clean_firm.engine, size=Size.SMALL, today=TODAY)
    assert "empty database" in refusal.value.hint


def test_tables_of_another_system_are_refused(empty: Callable[[], Engine]) -> None:
    engine = empty()
    with migrate.atomic(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE invoice (number int)")
    with pytest.raises(NotEmpty, match="not LexOps' own"):
        build_firm(engine, size=Size.SMALL, today=TODAY)
    assert inspect(engine).get_table_names() == ["invoice"]


def test_progress_goes_up_to_the_end(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    engine = create_engine(f"sqlite:///{tmp_path / 'billing.db'}")
    build_firm(engine, size=Size.SMALL, today=DAY, progress=lambda done, total: steps.append((done, total)))
    engine.dispose()
    assert steps == sorted(steps)
    assert steps[-1] == (20_000, 20_000)
    assert len(steps) > 20


KILLED = """
import os, signal, sys
from datetime import date
from sqlalchemy import create_engine
from lexops.billing.firm import Size, build_firm

def die(done, total):
    if done > total / 2:
        os.kill(os.getpid(), signal.SIGKILL)

build_firm(create_engine(sys.argv[1]), size=Size.SMALL, today=date(2026, 3, 17), progress=die)
"""


def test_a_build_killed_in_the_middle_can_be_done_again(empty: Callable[[], Engine]) -> None:
    engine = empty()
    url = engine.url.render_as_string(hide_password=False)
    died = subprocess.run([sys.executable, "-c", KILLED, url], timeout=60, check=False)
    assert died.returncode == -9
    assert build_firm(engine, size=Size.SMALL, today=DAY).time_entries > 17_000


@settings(max_examples=60, deadline=None)
@given(matter=st.integers(0, 10**6), seed=st.integers(0, 10**6), data=st.data())
def test_a_bill_is_the_sum_of_its_lines(plan: Plan, matter: int, seed: int, data: st.DataObject) -> None:
    billed = plan.matters[matter % len(plan.matters)]
    rate = data.draw(st.integers(1, 200_000))
    tenths = data.draw(st.lists(st.integers(1, 240), min_size=1, max_size=12))
    entries = [entry(i, hours * 1_000, rate) for i, hours in enumerate(tenths)]
    bill = Bill(
        1, billed, billed.payer, DAY, (DAY, DAY), 1, data.draw(st.sampled_from([0, 190_000, 230_000]))
    )
    write(bill, Random(seed), entries, [], 0)
    lines = [dict(zip(ENTITIES["invoice_line"].columns, line, strict=True)) for line in bill.lines]
    assert bill.total == sum(line["amount"] + line["tax_amount"] for line in lines)
    assert [line["line_no"] for line in lines] == list(range(1, len(lines) + 1))
    for line in lines:
        assert line["amount"] == priced(line["units"], line["unit_price"]) + line["adjustment"]
        assert line["tax_amount"] == share_of(line["amount"], line["tax_rate"])
    if billed.fee_cap is not None:
        assert bill.fees <= billed.fee_cap


def entry(id: int, hours: int, rate: int) -> list[object]:
    values = dict.fromkeys(ENTITIES["time_entry"].columns)
    values |= {"entry_id": id, "hours": hours, "rate": rate, "amount": priced(hours, rate)}
    values |= {"work_date": "2026-02-03", "tk_id": 1, "narrative": "Review of the file", "privileged": id % 2}
    return list(values.values())


@pytest.mark.parametrize("code_set", ["litigation", "project", "counseling", "bankruptcy"])
def test_narratives_are_single_tasks_with_known_codes(code_set: str) -> None:
    known = {(row[0], row[1]) for row in utbms_rows() if row[3] and row[2] in (code_set, "activity")}
    for task, activity, text in phrases(code_set):
        assert {(task, "task"), (activity, "activity")} <= known
        assert len(text) >= 15
        assert ";" not in text and "|" not in text and "<" not in text


def test_loading_leaves_the_declared_schema_as_it_was(clean_firm: Firm) -> None:
    assert "FOREIGN KEY" in str(CreateTable(METADATA.tables["invoice"]))
    with clean_firm.engine.connect() as connection:
        found = {key["name"] for key in inspect(connection).get_foreign_keys("invoice")}
        indexes = {index["name"] for index in inspect(connection).get_indexes("invoice")}
    assert found == {key.name for key in METADATA.tables["invoice"].foreign_key_constraints}
    assert indexes >= {index.name for index in METADATA.tables["invoice"].indexes}
