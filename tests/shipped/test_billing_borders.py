"""Billing checks with a plan of their own for MariaDB: what they say at their borders, on every engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from lexops.targets.model import Kind
from tests.billing.conftest import TODAY, Firm, clean_firm, empty, kind  # noqa: F401
from tests.billing.test_billing_checks import CHECKS
from tests.billing.test_every_check_fires import Reader

LINE = """SELECT l.line_id, l.entry_id, l.invoice_id, e.matter_id, m.client_id FROM invoice_line l
    JOIN time_entry e ON e.entry_id = l.entry_id AND e.status = 'billed' AND e.billable = 1
    JOIN matter m ON m.matter_id = e.matter_id ORDER BY l.line_id LIMIT 1"""
"""A line of an issued invoice and the billed entry it stands for."""


@dataclass
class Edited:
    """The clean firm in a transaction that is taken back; `line` is what `LINE` gave."""

    kind: Kind
    connection: Connection
    line: dict[str, Any]

    def edit(self, sql: str) -> None:
        assert self.connection.execute(text(sql), self.line).rowcount > 0

    def found(self, id: str) -> list[str]:
        """The keys of what the check finds."""
        collect: Callable[[Any], Any] = CHECKS[id].collect
        return [finding.key for finding in collect(Reader(self.kind, self.connection))]

    @property
    def entry(self) -> str:
        return str(self.line["entry_id"])


@pytest.fixture
def edited(clean_firm: Firm) -> Iterator[Edited]:  # noqa: F811
    with clean_firm.engine.connect() as connection:
        line = connection.execute(text(LINE)).mappings().one()
        yield Edited(clean_firm.kind, connection, dict(line))
        connection.rollback()


@pytest.mark.parametrize("status", ["void", "draft"])
def test_an_entry_whose_only_invoice_is_not_live_is_lost(edited: Edited, status: str) -> None:
    edited.edit(f"UPDATE invoice SET status = '{status}' WHERE invoice_id = :invoice_id")
    assert edited.entry in edited.found("billing.entry-billed-not-invoiced")


def test_a_live_line_beside_a_void_one_is_enough(edited: Edited) -> None:
    edited.edit("UPDATE invoice SET status = 'void' WHERE invoice_id = :invoice_id")
    edited.edit(
        """UPDATE invoice_line SET entry_id = :entry_id WHERE line_id = (SELECT other FROM (
            SELECT MAX(line_id) AS other FROM invoice_line
            WHERE entry_id IS NOT NULL AND invoice_id <> :invoice_id) o)"""
    )
    assert edited.entry not in edited.found("billing.entry-billed-not-invoiced")


def test_an_entry_on_two_lines_of_a_dead_invoice_is_found_once(edited: Edited) -> None:
    edited.edit("UPDATE invoice_line SET entry_id = :entry_id WHERE invoice_id = :invoice_id")
    edited.edit("UPDATE invoice SET status = 'void' WHERE invoice_id = :invoice_id")
    assert edited.found("billing.entry-billed-not-invoiced").count(edited.entry) == 1


def test_a_line_that_lost_its_entry_does_not_hide_it(edited: Edited) -> None:
    edited.edit("UPDATE invoice_line SET entry_id = NULL WHERE line_id = :line_id")
    assert edited.found("billing.entry-billed-not-invoiced") == [edited.entry]


@pytest.mark.parametrize(
    ("cap", "billable", "found"),
    [("rate - 1", 1, True), ("rate", 1, False), ("rate - 1", 0, False), ("NULLIF(rate, rate)", 1, False)],
)
def test_only_billable_work_above_a_cap_is_above_it(
    edited: Edited, cap: str, billable: int, found: bool
) -> None:
    edited.edit(
        f"""UPDATE client SET rate_cap = (SELECT {cap} FROM time_entry WHERE entry_id = :entry_id)
        WHERE client_id = :client_id"""
    )
    edited.edit(f"UPDATE time_entry SET billable = {billable}, hours = hours + 1 WHERE entry_id = :entry_id")
    assert (edited.entry in edited.found("billing.rate-above-cap")) is found


@pytest.mark.parametrize(
    ("narrative", "description", "found"),
    [("'advice'", "'advice'", True), ("'advice'", "'withheld'", False), ("NULL", "NULL", False)],
)
def test_a_privileged_text_is_shown_where_the_line_repeats_it(
    edited: Edited, narrative: str, description: str, found: bool
) -> None:
    edited.edit(f"UPDATE time_entry SET privileged = 1, narrative = {narrative} WHERE entry_id = :entry_id")
    edited.edit(f"UPDATE invoice_line SET description = {description} WHERE line_id = :line_id")
    assert (str(edited.line["line_id"]) in edited.found("billing.privileged-shown")) is found


SYNC = """INSERT INTO sync_run (run_id, stream, started_at, finished_at, status, read_count, written_count,
    rejected_count) VALUES ({id}, 'ledger', {start}, {end}, '{status}', 5, {written}, 0)"""
BILLING = """INSERT INTO billing_run (run_id, scheduled_for, started_at, finished_at, status,
    invoices_created) VALUES ({id}, {day}, {start}, {end}, '{status}', 3)"""


def moment(minutes: int | None) -> str:
    """So long before the checks speak, as the databases write it."""
    at = datetime.combine(TODAY, time()) - timedelta(minutes=minutes or 0)
    return "NULL" if minutes is None else f"'{at:%Y-%m-%d %H:%M:%S}'"


@pytest.mark.parametrize(
    ("start", "end", "status", "written", "found"),
    [
        (50, None, "running", 0, False),
        (70, None, "running", 0, True),
        (50, 40, "failed", 0, True),
        (50, 40, "ok", 5, False),
        (50, 40, "ok", 4, True),
    ],
)
def test_a_transfer_counts_when_it_failed_lost_records_or_takes_over_an_hour(
    edited: Edited, start: int, end: int | None, status: str, written: int, found: bool
) -> None:
    run = SYNC.format(id=900_001, start=moment(start), end=moment(end), status=status, written=written)
    edited.edit(run)
    assert edited.found("billing.sync-run") == (["900001"] if found else [])


@pytest.mark.parametrize(
    ("end", "status", "written", "found"),
    [(480, "failed", 0, False), (None, "running", 0, False), (480, "ok", 4, True)],
)
def test_a_transfer_is_good_again_when_a_later_one_of_its_stream_ended_well(
    edited: Edited, end: int | None, status: str, written: int, found: bool
) -> None:
    edited.edit(SYNC.format(id=900_001, start=moment(500), end=moment(end), status=status, written=written))
    before = SYNC.format(id=900_002, start=moment(700), end=moment(690), status="ok", written=5)
    edited.edit(before)
    edited.edit(
        before.replace("900002", "900003").replace("ledger", "paper").replace(moment(700), moment(90))
    )
    assert edited.found("billing.sync-run") == ["900001"]
    edited.edit(SYNC.format(id=900_004, start=moment(60), end=moment(50), status="failed", written=5))
    assert sorted(edited.found("billing.sync-run")) == ["900001", "900004"]
    edited.edit(SYNC.format(id=900_005, start=moment(40), end=moment(30), status="ok", written=5))
    assert edited.found("billing.sync-run") == (["900001"] if found else [])


@pytest.mark.parametrize(
    ("day", "start", "end", "status", "found"),
    [
        (0, 50, None, "running", False),
        (1, 70, None, "running", True),
        (1, 50, 40, "failed", True),
        (0, None, None, "planned", False),
        (2, None, None, "planned", True),
        (-1, None, None, "planned", False),
    ],
)
def test_a_billing_run_counts_when_it_failed_did_not_begin_or_takes_over_an_hour(
    edited: Edited, day: int, start: int | None, end: int | None, status: str, found: bool
) -> None:
    on = moment(day * 24 * 60)[:11] + "'"
    edited.edit(BILLING.format(id=900_001, day=on, start=moment(start), end=moment(end), status=status))
    assert edited.found("billing.billing-run") == (["900001"] if found else [])


def test_a_billing_run_is_good_again_when_it_was_repeated(edited: Edited) -> None:
    month, day = (moment(n * 24 * 60)[:11] + "'" for n in (40, 5))
    edited.edit(BILLING.format(id=900_001, day=day, start=moment(300), end=moment(290), status="failed"))
    edited.edit(BILLING.format(id=900_002, day=day, start=moment(320), end=moment(310), status="ok"))
    edited.edit(BILLING.format(id=900_003, day=month, start=moment(200), end=moment(190), status="ok"))
    assert edited.found("billing.billing-run") == ["900001"]
    edited.edit(BILLING.format(id=900_004, day=day, start=moment(100), end=moment(90), status="ok"))
    assert edited.found("billing.billing-run") == []


@pytest.mark.parametrize(("days", "found"), [(-1, True), (0, False), (1, False)])
def test_an_invoice_opened_after_the_grant_expired_was_not_granted(
    edited: Edited, days: int, found: bool
) -> None:
    access = """SELECT a.access_id, a.portal_user_id, i.matter_id, a.at FROM portal_access a
        JOIN invoice i ON i.invoice_id = a.invoice_id ORDER BY a.at DESC, a.access_id LIMIT 1"""
    row = edited.connection.execute(text(access)).mappings().one()
    last = date.fromisoformat(str(row["at"])[:10]) + timedelta(days=days)
    edited.line = {**row, "last": last.isoformat()}
    edited.edit(
        """UPDATE portal_grant SET expires_on = :last
        WHERE portal_user_id = :portal_user_id AND matter_id = :matter_id"""
    )
    assert (str(row["access_id"]) in edited.found("billing.portal-access-ungranted")) is found


@pytest.mark.parametrize("what", ["task", "activity", "expense"])
@pytest.mark.parametrize(("retired", "found"), [("line_date", True), ("NULLIF(line_date, line_date)", False)])
def test_a_code_that_was_retired_is_told_whatever_it_codes(
    edited: Edited, what: str, retired: str, found: bool
) -> None:
    edited.line = dict(
        edited.connection.execute(
            text(
                f"SELECT line_id, {what}_code AS code FROM invoice_line WHERE {what}_code IS NOT NULL LIMIT 1"
            )
        )
        .mappings()
        .one()
    )
    edited.edit(
        f"""UPDATE utbms_code SET retired_on = (SELECT {retired} FROM invoice_line WHERE line_id = :line_id)
        WHERE code = :code AND kind = '{what}'"""
    )
    assert (str(edited.line["line_id"]) in edited.found("billing.ledes-codes")) is found
