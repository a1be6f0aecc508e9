"""Deliberate problems of the demo firm: edits of a clean history that its checks must find.

Each picks one row, always the same for the same firm, and changes data by what it picked. Nothing in the
data says so; docs/demo-firm.md tells the stories.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

ENGINES = ("sqlite", "postgresql", "mariadb")


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault. `pick` answers one row, whose columns are the parameters of the `edits`."""

    id: str
    title: str
    check: str
    """The check that finds it."""
    pick: str
    edits: tuple[str, ...]
    engines: tuple[str, ...] = ENGINES


def plant(connection: Connection) -> tuple[str, ...]:
    """Make all problems that fit the engine; the ids of those made."""
    engine = "mariadb" if connection.dialect.name == "mysql" else connection.dialect.name
    return tuple(
        problem.id for problem in PROBLEMS if engine in problem.engines and _made(connection, problem)
    )


def _made(connection: Connection, problem: Problem) -> bool:
    row = connection.execute(text(problem.pick)).mappings().first()
    if row is None:
        return False
    for edit in problem.edits:
        connection.execute(text(edit), dict(row))
    return True


_UNBILLED = "e.billable = 1 AND e.status IN ('approved', 'submitted', 'draft')"
_COPIED = (
    "tk_id, work_date, created_on, hours, rate, amount, currency, billable, status, narrative, privileged, "
    "task_code, activity_code, approved_by, approved_on, updated_at"
)
_ENTRY_COPY = (
    f"INSERT INTO time_entry (entry_id, matter_id, {_COPIED}) "
    f"SELECT :new_id, {{matter}}, {_COPIED} FROM time_entry WHERE entry_id = :entry_id"
)

PROBLEMS = (
    Problem(
        "invoice-one-cent",
        "Invoice total one cent above its lines",
        "billing.invoice-total",
        """SELECT i.invoice_id, REPLACE('AR-?', '?', i.currency) AS account FROM invoice i
        JOIN client c ON c.client_id = i.client_id
        WHERE i.status = 'sent' AND c.ebilling = 0 AND i.discount_total = 0
        ORDER BY i.invoice_id DESC LIMIT 1""",
        (
            """UPDATE invoice SET total = total + 1, fees_total = fees_total + 1, balance = balance + 1,
            portal_balance = portal_balance + 1 WHERE invoice_id = :invoice_id""",
            "UPDATE invoice_version SET total = total + 1 WHERE invoice_id = :invoice_id",
            "UPDATE gl_control SET balance = balance + 1 WHERE account = :account",
        ),
    ),
    Problem(
        "entry-billed-twice",
        "The same work on two invoices",
        "billing.entry-billed-twice",
        """SELECT l.line_id, j.invoice_id, l.amount, l.tax_amount,
            REPLACE('AR-?', '?', j.currency) AS account,
            (SELECT MAX(line_id) + 1 FROM invoice_line) AS new_id,
            (SELECT MAX(line_no) + 1 FROM invoice_line n WHERE n.invoice_id = j.invoice_id) AS line_no
        FROM invoice j
        JOIN client c ON c.client_id = j.client_id AND c.ebilling = 0 AND c.discount_pct = 0
        JOIN matter m ON m.matter_id = j.matter_id AND m.fee_type = 'hourly'
        JOIN invoice i ON i.matter_id = j.matter_id AND i.invoice_id < j.invoice_id
            AND i.invoice_type = 'invoice'
        JOIN invoice_line l ON l.invoice_id = i.invoice_id AND l.line_type = 'F' AND l.adjustment = 0
        JOIN time_entry e ON e.entry_id = l.entry_id AND e.privileged = 0
        WHERE j.status = 'sent' AND l.tax_rate = (
            SELECT MAX(n.tax_rate) FROM invoice_line n WHERE n.invoice_id = j.invoice_id)
        ORDER BY j.invoice_id, l.line_id DESC LIMIT 1""",
        (
            """INSERT INTO invoice_line (line_id, invoice_id, line_no, line_type, matter_id, entry_id, tk_id,
                line_date, units, unit_price, adjustment, amount, tax_rate, tax_amount, task_code,
                activity_code, description)
            SELECT :new_id, :invoice_id, :line_no, line_type, matter_id, entry_id, tk_id,
                line_date, units, unit_price, adjustment, amount, tax_rate, tax_amount, task_code,
                activity_code, description
            FROM invoice_line WHERE line_id = :line_id""",
            """UPDATE invoice SET fees_total = fees_total + :amount, tax_total = tax_total + :tax_amount,
                total = total + :amount + :tax_amount, balance = balance + :amount + :tax_amount,
                portal_balance = portal_balance + :amount + :tax_amount
            WHERE invoice_id = :invoice_id""",
            """UPDATE invoice_version SET total = total + :amount + :tax_amount
            WHERE invoice_id = :invoice_id""",
            "UPDATE gl_control SET balance = balance + :amount + :tax_amount WHERE account = :account",
        ),
    ),
    Problem(
        "invoice-number-twice",
        "One invoice number on two invoices, told apart by a space and small letters",
        "billing.invoice-number-duplicate",
        """SELECT i.invoice_id, REPLACE(LOWER(o.invoice_no), 'inv-', ' inv-') AS invoice_no
        FROM invoice i JOIN invoice o ON o.invoice_id = i.invoice_id - 3
        WHERE i.status = 'paid' AND i.invoice_type = 'invoice' ORDER BY i.invoice_id DESC LIMIT 1""",
        ("UPDATE invoice SET invoice_no = :invoice_no WHERE invoice_id = :invoice_id",),
    ),
    Problem(
        "credit-note-deleted",
        "A credit note was deleted; its number is missing",
        "billing.invoice-number-gap",
        """SELECT i.invoice_id FROM invoice i WHERE i.invoice_type = 'credit_note'
            AND i.seq_no < (SELECT MAX(seq_no) FROM invoice) ORDER BY i.invoice_id DESC LIMIT 1""",
        (
            "DELETE FROM invoice_line WHERE invoice_id = :invoice_id",
            "DELETE FROM invoice_version WHERE invoice_id = :invoice_id",
            "DELETE FROM portal_access WHERE invoice_id = :invoice_id",
            "DELETE FROM invoice WHERE invoice_id = :invoice_id",
        ),
    ),
    Problem(
        "invoice-changed",
        "A final invoice was changed after it was sent, without a version",
        "billing.invoice-changed-after-issue",
        """SELECT i.invoice_id, (SELECT MAX(updated_at) FROM invoice) AS updated_at FROM invoice i
        WHERE i.invoice_type = 'invoice' AND i.status = 'paid'
            AND i.updated_at < (SELECT MAX(updated_at) FROM invoice)
        ORDER BY i.invoice_id DESC LIMIT 1 OFFSET 25""",
        ("UPDATE invoice SET updated_at = :updated_at WHERE invoice_id = :invoice_id",),
    ),
    Problem(
        "payment-wrong-client",
        "A payment was posted to the wrong client and settles another's invoice",
        "billing.payment-other-client",
        """SELECT p.payment_id, (SELECT MIN(c.client_id) FROM client c
            WHERE c.currency = p.currency AND c.client_id <> p.client_id AND c.status = 'active') AS client_id
        FROM payment p WHERE p.source = 'bank' AND p.status = 'posted' AND p.client_id NOT IN (
            SELECT payer_client_id FROM payer_split)
        ORDER BY p.payment_id DESC LIMIT 1""",
        ("UPDATE payment SET client_id = :client_id WHERE payment_id = :payment_id",),
    ),
    Problem(
        "payment-over-allocated",
        "More was allocated than the client paid",
        "billing.payment-over-allocated",
        """SELECT p.payment_id FROM payment p
        WHERE p.source = 'bank' AND p.status = 'posted' AND p.amount > 100000
        ORDER BY p.payment_id DESC LIMIT 1 OFFSET 5""",
        ("UPDATE payment SET amount = amount - 5000 WHERE payment_id = :payment_id",),
    ),
    Problem(
        "payment-posted-twice",
        "One bank receipt was posted twice",
        "billing.payment-duplicate",
        """SELECT p.payment_id, (SELECT MAX(payment_id) + 1 FROM payment) AS new_id FROM payment p
        WHERE p.source = 'bank' AND p.status = 'posted' ORDER BY p.payment_id DESC LIMIT 1 OFFSET 2""",
        (
            """INSERT INTO payment (payment_id, client_id, received_on, amount, currency, method, reference,
                status, source)
            SELECT :new_id, client_id, received_on, amount, currency, method, reference, status, source
            FROM payment WHERE payment_id = :payment_id""",
        ),
    ),
    Problem(
        "write-off-alone",
        "A debt was written off and nobody approved it",
        "billing.write-off-unapproved",
        """SELECT allocation_id FROM allocation WHERE kind = 'writeoff'
        ORDER BY allocation_id DESC LIMIT 1""",
        ("UPDATE allocation SET approved_by = NULL WHERE allocation_id = :allocation_id",),
    ),
    Problem(
        "trust-negative",
        "An expert was paid from trust with more than the client had there",
        "billing.trust-negative",
        """SELECT t.account_id, t.client_id, t.matter_id, SUM(t.amount) + 187500 AS amount,
            MIN(t.created_by) AS created_by, MIN(t.approved_by) AS approved_by,
            (SELECT MAX(work_date) FROM time_entry) AS txn_date,
            (SELECT MAX(txn_id) + 1 FROM trust_txn) AS new_id
        FROM trust_txn t JOIN matter m ON m.matter_id = t.matter_id AND m.status = 'open'
        GROUP BY t.account_id, t.client_id, t.matter_id ORDER BY t.matter_id LIMIT 1""",
        (
            """INSERT INTO trust_txn (txn_id, account_id, client_id, matter_id, txn_date, kind, amount, payee,
                reference, created_by, approved_by)
            VALUES (:new_id, :account_id, :client_id, :matter_id, :txn_date, 'disbursement', -:amount,
                'Brennan Forensic Accounting', 'CHQ-104417', :created_by, :approved_by)""",
        ),
    ),
    Problem(
        "trust-fee-unearned",
        "A fee was taken from trust for which there is no invoice",
        "billing.trust-fee-unearned",
        """SELECT txn_id FROM trust_txn WHERE kind = 'fee_transfer' ORDER BY txn_id DESC LIMIT 1 OFFSET 3""",
        ("UPDATE trust_txn SET invoice_id = NULL WHERE txn_id = :txn_id",),
    ),
    Problem(
        "trust-three-way",
        "A signed reconciliation whose client ledgers do not add up to the book",
        "billing.trust-three-way",
        """SELECT account_id, period_end FROM trust_recon WHERE account_id = 1
        ORDER BY period_end DESC LIMIT 1 OFFSET 1""",
        (
            """UPDATE trust_recon SET client_total = client_total - 125050
            WHERE account_id = :account_id AND period_end = :period_end""",
        ),
    ),
    Problem(
        "trust-one-person",
        "One person entered and approved a payment from trust",
        "billing.trust-one-person",
        """SELECT txn_id FROM trust_txn WHERE kind IN ('refund', 'fee_transfer')
        ORDER BY txn_id DESC LIMIT 1 OFFSET 7""",
        ("UPDATE trust_txn SET approved_by = created_by WHERE txn_id = :txn_id",),
    ),
    # Before the other faults of entries, so that it takes none of them away.
    Problem(
        "case-time-lost",
        "Work recorded in the case system never reached billing",
        "billing.sync-time-missing",
        f"""SELECT e.entry_id FROM time_entry e WHERE {_UNBILLED} AND e.ext_id IS NOT NULL
        ORDER BY e.entry_id DESC LIMIT 1 OFFSET 12""",
        ("DELETE FROM time_entry WHERE entry_id = :entry_id",),
    ),
    Problem(
        "rate-above-cap",
        "Work recorded above the highest rate the client accepts",
        "billing.rate-above-cap",
        f"""SELECT e.entry_id, c.rate_cap + 5000 AS rate, e.hours * (c.rate_cap + 5000) / 10000 AS amount
        FROM time_entry e JOIN matter m ON m.matter_id = e.matter_id
        JOIN client c ON c.client_id = m.client_id
        WHERE {_UNBILLED} AND c.rate_cap IS NOT NULL AND m.fee_type IN ('hourly', 'retainer', 'capped')
        ORDER BY e.entry_id DESC LIMIT 1""",
        ("UPDATE time_entry SET rate = :rate, amount = :amount WHERE entry_id = :entry_id",),
    ),
    Problem(
        "rate-not-agreed",
        "A rate that is in no agreement",
        "billing.rate-not-agreed",
        f"""SELECT e.entry_id, e.rate + 3000 AS rate, e.hours * (e.rate + 3000) / 10000 AS amount
        FROM time_entry e JOIN matter m ON m.matter_id = e.matter_id AND m.fee_type = 'hourly'
        JOIN client c ON c.client_id = m.client_id AND c.rate_cap IS NULL
        WHERE {_UNBILLED} ORDER BY e.entry_id DESC LIMIT 1 OFFSET 4""",
        ("UPDATE time_entry SET rate = :rate, amount = :amount WHERE entry_id = :entry_id",),
    ),
    Problem(
        "entry-recorded-twice",
        "The same work recorded twice on one day",
        "billing.entry-duplicate",
        f"""SELECT e.entry_id, (SELECT MAX(entry_id) + 1 FROM time_entry) AS new_id FROM time_entry e
        JOIN matter m ON m.matter_id = e.matter_id AND m.fee_type = 'hourly'
        WHERE {_UNBILLED} ORDER BY e.entry_id DESC LIMIT 1 OFFSET 8""",
        (_ENTRY_COPY.format(matter="matter_id"),),
    ),
    Problem(
        "sync-run-failed",
        "Last night's transfer of time failed",
        "billing.sync-run",
        "SELECT MAX(run_id) AS run_id FROM sync_run WHERE stream = 'time'",
        ("UPDATE sync_run SET status = 'failed', written_count = 0 WHERE run_id = :run_id",),
    ),
    Problem(
        "sync-events-stuck",
        "Three changes of the case system were given up after nine attempts",
        "billing.sync-event-stuck",
        "SELECT MIN(event_id) + 4 AS first FROM sync_event",
        (
            """UPDATE sync_event SET processed_at = NULL, attempts = 9, status = 'dead'
            WHERE event_id BETWEEN :first AND :first + 2""",
        ),
    ),
    Problem(
        "portal-wrong-matter",
        "A portal user may see a matter of another client",
        "billing.portal-grant-other-client",
        """SELECT g.portal_user_id, g.granted_by, g.granted_on,
            (SELECT MAX(grant_id) + 1 FROM portal_grant) AS new_id,
            (SELECT MAX(m.matter_id) FROM matter m WHERE m.client_id <> u.client_id AND m.matter_id NOT IN (
                SELECT matter_id FROM payer_split)) AS matter_id
        FROM portal_grant g JOIN portal_user u ON u.portal_user_id = g.portal_user_id AND u.status = 'active'
        ORDER BY g.grant_id DESC LIMIT 1""",
        (
            """INSERT INTO portal_grant
                (grant_id, portal_user_id, matter_id, permission, granted_by, granted_on)
            VALUES (:new_id, :portal_user_id, :matter_id, 'invoices', :granted_by, :granted_on)""",
        ),
    ),
    Problem(
        "portal-balance",
        "The portal shows more than the client owes",
        "billing.portal-balance",
        """SELECT invoice_id FROM invoice WHERE status = 'sent' AND portal_balance > 0
        ORDER BY invoice_id LIMIT 1""",
        ("UPDATE invoice SET portal_balance = portal_balance + 12500 WHERE invoice_id = :invoice_id",),
    ),
    Problem(
        "portal-leaver",
        "A contact of a client who left can still log in",
        "billing.portal-leaver",
        """SELECT u.portal_user_id, COALESCE(c.closed_on, u.last_login_on) AS ended_on
        FROM portal_user u JOIN client c ON c.client_id = u.client_id
        ORDER BY CASE WHEN c.status = 'closed' THEN 0 ELSE 1 END, u.portal_user_id LIMIT 1""",
        (
            """UPDATE portal_user SET status = 'active', ended_on = :ended_on
            WHERE portal_user_id = :portal_user_id""",
        ),
    ),
    Problem(
        "privilege-shown",
        "A privileged narrative stands on an invoice",
        "billing.privileged-shown",
        """SELECT l.line_id, e.narrative FROM time_entry e JOIN invoice_line l ON l.entry_id = e.entry_id
        WHERE e.privileged = 1 ORDER BY l.line_id DESC LIMIT 1 OFFSET 2""",
        ("UPDATE invoice_line SET description = :narrative WHERE line_id = :line_id",),
    ),
    Problem(
        "billing-run-broke-off",
        "The last billing run did not finish",
        "billing.billing-run",
        "SELECT MAX(run_id) AS run_id FROM billing_run",
        ("UPDATE billing_run SET status = 'failed' WHERE run_id = :run_id",),
    ),
    Problem(
        "notice-not-sent",
        "A client was never reminded of an overdue invoice",
        "billing.overdue-notice",
        """SELECT i.invoice_id FROM invoice i
        JOIN notice n ON n.invoice_id = i.invoice_id AND n.kind = 'overdue_1'
        WHERE i.status = 'sent' AND i.balance > 0 ORDER BY i.due_date, i.invoice_id LIMIT 1""",
        ("DELETE FROM notice WHERE invoice_id = :invoice_id",),
    ),
    Problem(
        "entry-orphan",
        "Work on a matter that does not exist",
        "billing.entry-orphan",
        """SELECT e.entry_id, (SELECT MAX(entry_id) + 1 FROM time_entry) AS new_id,
            (SELECT MAX(matter_id) + 4711 FROM matter) AS matter_id
        FROM time_entry e WHERE e.status = 'approved' AND e.billable = 1
        ORDER BY e.entry_id DESC LIMIT 1 OFFSET 20""",
        (_ENTRY_COPY.format(matter=":matter_id"),),
        ("sqlite",),
    ),
    Problem(
        "free-pages",
        "A large import was deleted and the file never shrunk",
        "sqlite.freelist",
        "SELECT 28000 + COUNT(*) / 16 AS pages FROM time_entry",
        (
            """CREATE TABLE import_2019 AS WITH RECURSIVE page (number) AS (
                SELECT 1 UNION ALL SELECT number + 1 FROM page WHERE number < :pages
            ) SELECT number, zeroblob(4000) AS record FROM page""",
            "DROP TABLE import_2019",
        ),
        ("sqlite",),
    ),
)
"""In the order in which they are made."""
