"""Every billing check that no problem of the demo firm turns: one seeded fault each, found and mended again.

The fault is made in a transaction on a clean firm, looked at over the same connection, and taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Connection, text

from lexops.billing.firm.problems import PROBLEMS
from lexops.targets.model import Kind, Target
from tests.billing.conftest import Firm
from tests.billing.test_billing_checks import CHECKS

ISSUED = "('final', 'sent', 'part_paid', 'paid')"


@dataclass(frozen=True)
class Fault:
    """`pick` answers one row, whose columns are the parameters of the `edits`."""

    pick: str
    edits: tuple[str, ...]


def fault(pick: str, *edits: str) -> Fault:
    return Fault(pick, edits)


FAULTS = {
    "billing.billing-run-overdue": fault(
        "SELECT MAX(run_id) AS run_id FROM billing_run",
        "UPDATE billing_run SET scheduled_for = '2020-01-06' WHERE run_id <= :run_id",
    ),
    "billing.notice-not-delivered": fault(
        "SELECT MAX(notice_id) AS notice_id FROM notice",
        "UPDATE notice SET status = 'refused', sent_on = NULL WHERE notice_id = :notice_id",
    ),
    "billing.sync-overdue": fault(
        "SELECT MAX(stream) AS stream FROM sync_run",
        "UPDATE sync_run SET started_at = '2020-01-06 00:04:00' WHERE stream = :stream",
    ),
    "billing.sync-queue": fault(
        "SELECT MIN(event_id) AS event_id FROM sync_event",
        "UPDATE sync_event SET status = 'waiting', processed_at = NULL WHERE event_id = :event_id",
    ),
    "billing.audit-chain": fault(
        "SELECT audit_id FROM audit_log ORDER BY audit_id LIMIT 1 OFFSET 5",
        "UPDATE audit_log SET prev_hash = row_hash WHERE audit_id = :audit_id",
    ),
    "billing.billing-run-count": fault(
        "SELECT MAX(run_id) AS run_id FROM billing_run",
        "UPDATE billing_run SET invoices_created = invoices_created + 1 WHERE run_id = :run_id",
    ),
    "billing.case-client-differs": fault(
        """SELECT r.case_id,
            (SELECT MIN(c.client_no) FROM client c WHERE c.client_id <> m.client_id) AS client_no
        FROM matter m JOIN case_record r ON r.case_id = m.ext_id ORDER BY m.matter_id LIMIT 1""",
        "UPDATE case_record SET client_no = :client_no WHERE case_id = :case_id",
    ),
    "billing.contingent-fee": fault(
        f"""SELECT m.matter_id FROM matter m
        JOIN invoice_line l ON l.matter_id = m.matter_id AND l.line_type IN ('F', 'IF')
        JOIN invoice i ON i.invoice_id = l.invoice_id AND i.status IN {ISSUED}
        WHERE m.fee_type = 'contingency' AND m.recovery IS NOT NULL ORDER BY m.matter_id LIMIT 1""",
        "UPDATE matter SET contingency_pct = contingency_pct + 10000 WHERE matter_id = :matter_id",
    ),
    "billing.discount-not-given": fault(
        f"""SELECT i.invoice_id FROM invoice i
        JOIN client c ON c.client_id = i.client_id AND c.discount_pct > 0
        JOIN matter m ON m.matter_id = i.matter_id AND m.fee_type IN ('hourly', 'blended', 'retainer')
        WHERE i.invoice_type = 'invoice' AND i.status IN {ISSUED} AND i.discount_total > 0
        ORDER BY i.invoice_id LIMIT 1""",
        "UPDATE invoice SET discount_total = 0 WHERE invoice_id = :invoice_id",
    ),
    "billing.entry-billed-not-invoiced": fault(
        "SELECT MAX(entry_id) AS entry_id FROM time_entry WHERE status = 'approved'",
        "UPDATE time_entry SET status = 'billed' WHERE entry_id = :entry_id",
    ),
    "billing.entry-impossible-day": fault(
        """SELECT MAX(entry_id) AS entry_id FROM time_entry
        GROUP BY tk_id, work_date HAVING COUNT(*) > 1 LIMIT 1""",
        "UPDATE time_entry SET hours = 240000 WHERE entry_id = :entry_id",
    ),
    "billing.entry-left-off-invoice": fault(
        f"""SELECT MAX(e.entry_id) AS entry_id FROM time_entry e
        JOIN invoice i ON i.matter_id = e.matter_id AND i.invoice_type = 'invoice' AND i.status IN {ISSUED}
            AND e.work_date BETWEEN i.period_start AND i.period_end
        WHERE e.billable = 1 AND e.status = 'billed'""",
        "UPDATE time_entry SET status = 'approved' WHERE entry_id = :entry_id",
    ),
    "billing.entry-unbilled": fault(
        """SELECT MAX(e.entry_id) AS entry_id FROM time_entry e
        JOIN matter m ON m.matter_id = e.matter_id AND m.fee_type = 'hourly'
        WHERE e.billable = 1 AND e.status = 'approved'""",
        "UPDATE time_entry SET work_date = '2020-01-06' WHERE entry_id = :entry_id",
    ),
    "billing.fee-above-arrangement": fault(
        f"""SELECT m.matter_id FROM matter m
        JOIN invoice_line l ON l.matter_id = m.matter_id AND l.line_type IN ('F', 'IF')
        JOIN invoice i ON i.invoice_id = l.invoice_id AND i.status IN {ISSUED}
        WHERE m.fee_type = 'capped' ORDER BY m.matter_id LIMIT 1""",
        "UPDATE matter SET fee_cap = 1 WHERE matter_id = :matter_id",
    ),
    "billing.invoice-balance": fault(
        "SELECT MAX(invoice_id) AS invoice_id FROM invoice WHERE status <> 'void'",
        "UPDATE invoice SET balance = balance + 100 WHERE invoice_id = :invoice_id",
    ),
    "billing.invoice-line-amount": fault(
        "SELECT MAX(line_id) AS line_id FROM invoice_line WHERE line_type = 'F'",
        "UPDATE invoice_line SET amount = amount + 1 WHERE line_id = :line_id",
    ),
    "billing.invoice-line-tax": fault(
        "SELECT MAX(line_id) AS line_id FROM invoice_line",
        "UPDATE invoice_line SET tax_amount = tax_amount + 1 WHERE line_id = :line_id",
    ),
    "billing.invoice-not-sent": fault(
        "SELECT MIN(invoice_id) AS invoice_id FROM invoice WHERE status = 'paid'",
        "UPDATE invoice SET status = 'final', sent_at = NULL WHERE invoice_id = :invoice_id",
    ),
    "billing.invoice-paid-total": fault(
        "SELECT MAX(invoice_id) AS invoice_id FROM invoice WHERE status = 'paid'",
        "UPDATE invoice SET paid_total = paid_total + 1 WHERE invoice_id = :invoice_id",
    ),
    "billing.invoice-subtotals": fault(
        "SELECT MAX(invoice_id) AS invoice_id FROM invoice",
        "UPDATE invoice SET tax_total = tax_total + 1 WHERE invoice_id = :invoice_id",
    ),
    "billing.invoice-version-total": fault(
        """SELECT i.invoice_id, i.version FROM invoice i
        JOIN invoice_version v ON v.invoice_id = i.invoice_id AND v.version = i.version
        ORDER BY i.invoice_id LIMIT 1""",
        "UPDATE invoice_version SET total = total + 1 WHERE invoice_id = :invoice_id AND version = :version",
    ),
    "billing.ledes-codes": fault(
        """SELECT MAX(line_id) AS line_id, (SELECT MIN(code) FROM utbms_code WHERE kind = 'expense') AS code
        FROM invoice_line WHERE task_code IS NOT NULL""",
        "UPDATE invoice_line SET task_code = :code WHERE line_id = :line_id",
    ),
    "billing.ledes-file": fault(
        "SELECT MAX(file_id) AS file_id FROM ledes_export",
        "UPDATE ledes_export SET total = total + 1 WHERE file_id = :file_id",
    ),
    "billing.payment-unallocated": fault(
        """SELECT MIN(p.payment_id) AS payment_id FROM payment p
        JOIN allocation a ON a.payment_id = p.payment_id WHERE p.status = 'posted'""",
        "DELETE FROM allocation WHERE payment_id = :payment_id",
    ),
    "billing.portal-access-ungranted": fault(
        """SELECT a.portal_user_id, i.matter_id FROM portal_access a
        JOIN invoice i ON i.invoice_id = a.invoice_id ORDER BY a.access_id LIMIT 1""",
        "DELETE FROM portal_grant WHERE portal_user_id = :portal_user_id AND matter_id = :matter_id",
    ),
    "billing.portal-no-second-factor": fault(
        "SELECT MIN(portal_user_id) AS portal_user_id FROM portal_user WHERE status = 'active'",
        "UPDATE portal_user SET mfa = 0 WHERE portal_user_id = :portal_user_id",
    ),
    "billing.receivables-control": fault(
        "SELECT MIN(account) AS account FROM gl_control WHERE account LIKE 'AR-___'",
        "UPDATE gl_control SET balance = balance + 100 WHERE account = :account",
    ),
    "billing.sync-time-differs": fault(
        "SELECT MAX(t.ext_id) AS ext_id FROM case_time t JOIN time_entry e ON e.ext_id = t.ext_id",
        "UPDATE case_time SET hours = hours + 1000 WHERE ext_id = :ext_id",
    ),
    "billing.trust-bank": fault(
        "SELECT account_id, statement_date FROM trust_statement ORDER BY account_id, statement_date LIMIT 1",
        """UPDATE trust_statement SET closing_balance = closing_balance + 1
        WHERE account_id = :account_id AND statement_date = :statement_date""",
    ),
    "billing.trust-closed-matter": fault(
        """SELECT matter_id FROM trust_txn WHERE matter_id IS NOT NULL
        GROUP BY matter_id HAVING SUM(amount) > 0 ORDER BY matter_id LIMIT 1""",
        "UPDATE matter SET status = 'closed', closed_on = '2025-01-31' WHERE matter_id = :matter_id",
    ),
    "billing.trust-reconciliation-missing": fault(
        "SELECT account_id, period_end FROM trust_recon ORDER BY period_end, account_id LIMIT 1",
        "DELETE FROM trust_recon WHERE account_id = :account_id AND period_end = :period_end",
    ),
    "billing.trust-reconciliation-stale": fault(
        "SELECT account_id, period_end FROM trust_recon ORDER BY period_end, account_id LIMIT 1",
        """UPDATE trust_recon SET book = book + 1
        WHERE account_id = :account_id AND period_end = :period_end""",
    ),
    "billing.trust-transfer-unmatched": fault(
        "SELECT MAX(trust_txn_id) AS txn_id FROM payment WHERE trust_txn_id IS NOT NULL",
        "UPDATE payment SET amount = amount - 1 WHERE trust_txn_id = :txn_id",
    ),
}


@dataclass
class Reader:
    """What a SQL check needs of a database, inside a transaction."""

    kind: Kind
    connection: Connection

    @property
    def target(self) -> Target:
        return Target("billing", self.kind, profile="reference")

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self.connection.exec_driver_sql(sql).mappings()]


def test_every_check_has_its_fault() -> None:
    assert set(CHECKS) - {problem.check for problem in PROBLEMS} == set(FAULTS)


@pytest.mark.parametrize("id", sorted(FAULTS))
def test_a_seeded_fault_is_found_and_its_mending_too(clean_firm: Firm, id: str) -> None:
    collect: Callable[[Any], Any] = CHECKS[id].collect
    with clean_firm.engine.connect() as connection:
        reader = Reader(clean_firm.kind, connection)
        row = connection.execute(text(FAULTS[id].pick)).mappings().first()
        assert row is not None and None not in row.values(), "the firm has no row for this fault"
        for edit in FAULTS[id].edits:
            assert connection.execute(text(edit), dict(row)).rowcount > 0
        assert list(collect(reader))
        connection.rollback()
        assert not list(collect(reader))
