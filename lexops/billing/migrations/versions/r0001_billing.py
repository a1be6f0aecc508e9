"""The reference schema of legal billing: 36 tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLE_OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_default_charset": "utf8mb4"}


def upgrade() -> None:
    op.create_table(
        "client",
        sa.Column("client_id", ID, nullable=False),
        sa.Column("client_no", sa.String(120), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("status", sa.String(120), nullable=False),
        sa.Column("currency", sa.String(120), nullable=False),
        sa.Column("terms_days", sa.Integer(), nullable=False),
        sa.Column("tax_id", sa.String(120), nullable=True),
        sa.Column("email", sa.String(120), nullable=True),
        sa.Column("portal_enabled", sa.SmallInteger(), nullable=False),
        sa.Column("ebilling", sa.SmallInteger(), nullable=False),
        sa.Column("created_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("anonymised_on", sa.Date(), nullable=True),
        sa.Column("retention_until", sa.Date(), nullable=True),
        sa.Column("legal_hold", sa.SmallInteger(), nullable=False),
        sa.Column("max_day_hours", sa.BigInteger(), nullable=False),
        sa.Column("increment", sa.BigInteger(), nullable=False),
        sa.Column("late_entry_days", sa.Integer(), nullable=False),
        sa.Column("late_submit_days", sa.Integer(), nullable=False),
        sa.Column("receipt_over", sa.BigInteger(), nullable=True),
        sa.Column("rate_cap", sa.BigInteger(), nullable=True),
        sa.Column("discount_pct", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("client_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_client_client_no", "client", ["client_no"])
    op.create_table(
        "timekeeper",
        sa.Column("tk_id", ID, nullable=False),
        sa.Column("tk_no", sa.String(120), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("classification", sa.String(120), nullable=False),
        sa.Column("status", sa.String(120), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("email", sa.String(120), nullable=True),
        sa.PrimaryKeyConstraint("tk_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_timekeeper_tk_no", "timekeeper", ["tk_no"])
    op.create_table(
        "matter",
        sa.Column("matter_id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("matter_no", sa.String(120), nullable=False),
        sa.Column("client_matter_no", sa.String(120), nullable=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("status", sa.String(120), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("fee_type", sa.String(120), nullable=False),
        sa.Column("currency", sa.String(120), nullable=False),
        sa.Column("lead_tk_id", ID, nullable=False),
        sa.Column("budget", sa.BigInteger(), nullable=True),
        sa.Column("fee_cap", sa.BigInteger(), nullable=True),
        sa.Column("flat_fee", sa.BigInteger(), nullable=True),
        sa.Column("contingency_pct", sa.BigInteger(), nullable=True),
        sa.Column("recovery", sa.BigInteger(), nullable=True),
        sa.Column("blended_rate", sa.BigInteger(), nullable=True),
        sa.Column("retainer_min", sa.BigInteger(), nullable=True),
        sa.Column("bill_every_days", sa.Integer(), nullable=True),
        sa.Column("code_set", sa.String(120), nullable=True),
        sa.Column("ext_id", sa.String(120), nullable=True),
        sa.Column("walled", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"], name="fk_matter_client_id"),
        sa.ForeignKeyConstraint(["lead_tk_id"], ["timekeeper.tk_id"], name="fk_matter_lead_tk_id"),
        sa.PrimaryKeyConstraint("matter_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_matter_client_id", "matter", ["client_id"])
    op.create_index("ix_matter_ext_id", "matter", ["ext_id"])
    op.create_index("ix_matter_lead_tk_id", "matter", ["lead_tk_id"])
    op.create_index("ix_matter_matter_no", "matter", ["matter_no"])
    op.create_table(
        "matter_tk",
        sa.Column("matter_id", ID, nullable=False),
        sa.Column("tk_id", ID, nullable=False),
        sa.Column("approved_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.matter_id"], name="fk_matter_tk_matter_id"),
        sa.ForeignKeyConstraint(["tk_id"], ["timekeeper.tk_id"], name="fk_matter_tk_tk_id"),
        sa.PrimaryKeyConstraint("matter_id", "tk_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_matter_tk_tk_id", "matter_tk", ["tk_id"])
    op.create_table(
        "payer_split",
        sa.Column("matter_id", ID, nullable=False),
        sa.Column("payer_client_id", ID, nullable=False),
        sa.Column("pct", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.matter_id"], name="fk_payer_split_matter_id"),
        sa.ForeignKeyConstraint(
            ["payer_client_id"], ["client.client_id"], name="fk_payer_split_payer_client_id"
        ),
        sa.PrimaryKeyConstraint("matter_id", "payer_client_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_payer_split_payer_client_id", "payer_split", ["payer_client_id"])
    op.create_table(
        "rate",
        sa.Column("rate_id", ID, nullable=False),
        sa.Column("tk_id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=True),
        sa.Column("matter_id", ID, nullable=True),
        sa.Column("rate", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(120), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("approved_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["tk_id"], ["timekeeper.tk_id"], name="fk_rate_tk_id"),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"], name="fk_rate_client_id"),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.matter_id"], name="fk_rate_matter_id"),
        sa.PrimaryKeyConstraint("rate_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_rate_client_id", "rate", ["client_id"])
    op.create_index("ix_rate_matter_id", "rate", ["matter_id"])
    op.create_index(
        "ix_rate_tk_id_matter_id_client_id_valid_from",
        "rate",
        ["tk_id", "matter_id", "client_id", "valid_from"],
    )
    op.create_table(
        "time_entry",
        sa.Column("entry_id", ID, nullable=False),
        sa.Column("matter_id", ID, nullable=False),
        sa.Column("tk_id", ID, nullable=False),
        sa.Column("work_date", sa.Date(), nullable=False),
        sa.Column("created_on", sa.Date(), nullable=False),
        sa.Column("start_at", sa.DateTime(), nullable=True),
        sa.Column("end_at", sa.DateTime(), nullable=True),
        sa.Column("hours", sa.BigInteger(), nullable=False),
        sa.Column("rate", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(120), nullable=False),
        sa.Column("billable", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.String(120), nullable=False),
        sa.Column("narrative", sa.Text(), nullable=True),
        sa.Column("privileged", sa.SmallInteger(), nullable=False),
        sa.Column("task_code", sa.String(120), nullable=True),
        sa.Column("activity_code", sa.String(120), nullable=True),
        sa.Column("approved_by", ID, nullable=True),
        sa.Column("approved_on", sa.Date(), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.Column("writeoff_reason", sa.String(120), nullable=True),
        sa.Column("ext_id", sa.String(120), nullable=True),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.matter_id"], name="fk_time_entry_matter_id"),
        sa.ForeignKeyConstraint(["tk_id"], ["timekeeper.tk_id"], name="fk_time_entry_tk_id"),
        sa.ForeignKeyConstraint(["approved_by"], ["timekeeper.tk_id"], name="fk_time_entry_approved_by"),
        sa.PrimaryKeyConstraint("entry_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_time_entry_approved_by", "time_entry", ["approved_by"])
    op.create_index("ix_time_entry_ext_id", "time_entry", ["ext_id"])
    op.create_index("ix_time_entry_matter_id_work_date", "time_entry", ["matter_id", "work_date"])
    op.create_index("ix_time_entry_status_work_date", "time_entry", ["status", "work_date"])
    op.create_index(
        "ix_time_entry_tk_id_work_date_matter_id_hours",
        "time_entry",
        ["tk_id", "work_date", "matter_id", "hours"],
    )
    op.create_table(
        "expense",
        sa.Column("expense_id", ID, nullable=False),
        sa.Column("matter_id", ID, nullable=False),
        sa.Column("tk_id", ID, nullable=False),
        sa.Column("expense_date", sa.Date(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_cost", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(120), nullable=False),
        sa.Column("expense_code", sa.String(120), nullable=True),
        sa.Column("receipt_ref", sa.String(120), nullable=True),
        sa.Column("status", sa.String(120), nullable=False),
        sa.Column("narrative", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.matter_id"], name="fk_expense_matter_id"),
        sa.ForeignKeyConstraint(["tk_id"], ["timekeeper.tk_id"], name="fk_expense_tk_id"),
        sa.PrimaryKeyConstraint("expense_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_expense_matter_id_expense_date", "expense", ["matter_id", "expense_date"])
    op.create_index("ix_expense_tk_id", "expense", ["tk_id"])
    op.create_table(
        "invoice",
        sa.Column("invoice_id", ID, nullable=False),
        sa.Column("invoice_no", sa.String(120), nullable=False),
        sa.Column("seq_no", sa.Integer(), nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("matter_id", ID, nullable=False),
        sa.Column("invoice_type", sa.String(120), nullable=False),
        sa.Column("original_id", ID, nullable=True),
        sa.Column("invoice_date", sa.Date(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=True),
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column("status", sa.String(120), nullable=False),
        sa.Column("currency", sa.String(120), nullable=False),
        sa.Column("tax_mode", sa.String(120), nullable=False),
        sa.Column("fees_total", sa.BigInteger(), nullable=False),
        sa.Column("expenses_total", sa.BigInteger(), nullable=False),
        sa.Column("discount_total", sa.BigInteger(), nullable=False),
        sa.Column("tax_total", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("paid_total", sa.BigInteger(), nullable=False),
        sa.Column("credited_total", sa.BigInteger(), nullable=False),
        sa.Column("writeoff_total", sa.BigInteger(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("portal_balance", sa.BigInteger(), nullable=True),
        sa.Column("finalised_at", sa.DateTime(), nullable=True),
        sa.Column("finalised_by", ID, nullable=True),
        sa.Column("approved_by", ID, nullable=True),
        sa.Column("sent_at", sa.DateTime(), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"], name="fk_invoice_client_id"),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.matter_id"], name="fk_invoice_matter_id"),
        sa.ForeignKeyConstraint(["original_id"], ["invoice.invoice_id"], name="fk_invoice_original_id"),
        sa.ForeignKeyConstraint(["finalised_by"], ["timekeeper.tk_id"], name="fk_invoice_finalised_by"),
        sa.ForeignKeyConstraint(["approved_by"], ["timekeeper.tk_id"], name="fk_invoice_approved_by"),
        sa.PrimaryKeyConstraint("invoice_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_invoice_approved_by", "invoice", ["approved_by"])
    op.create_index("ix_invoice_client_id_invoice_date", "invoice", ["client_id", "invoice_date"])
    op.create_index("ix_invoice_finalised_by", "invoice", ["finalised_by"])
    op.create_index("ix_invoice_invoice_date", "invoice", ["invoice_date"])
    op.create_index("ix_invoice_invoice_no", "invoice", ["invoice_no"])
    op.create_index("ix_invoice_matter_id_invoice_date", "invoice", ["matter_id", "invoice_date"])
    op.create_index("ix_invoice_original_id", "invoice", ["original_id"])
    op.create_index("ix_invoice_seq_no", "invoice", ["seq_no"])
    op.create_index("ix_invoice_status_due_date", "invoice", ["status", "due_date"])
    op.create_table(
        "invoice_line",
        sa.Column("line_id", ID, nullable=False),
        sa.Column("invoice_id", ID, nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("line_type", sa.String(120), nullable=False),
        sa.Column("matter_id", ID, nullable=False),
        sa.Column("entry_id", ID, nullable=True),
        sa.Column("expense_id", ID, nullable=True),
        sa.Column("tk_id", ID, nullable=True),
        sa.Column("line_date", sa.Date(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("adjustment", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("tax_rate", sa.BigInteger(), nullable=False),
        sa.Column("tax_amount", sa.BigInteger(), nullable=False),
        sa.Column("task_code", sa.String(120), nullable=True),
        sa.Column("activity_code", sa.String(120), nullable=True),
        sa.Column("expense_code", sa.String(120), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.invoice_id"], name="fk_invoice_line_invoice_id"),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.matter_id"], name="fk_invoice_line_matter_id"),
        sa.ForeignKeyConstraint(["entry_id"], ["time_entry.entry_id"], name="fk_invoice_line_entry_id"),
        sa.ForeignKeyConstraint(["expense_id"], ["expense.expense_id"], name="fk_invoice_line_expense_id"),
        sa.ForeignKeyConstraint(["tk_id"], ["timekeeper.tk_id"], name="fk_invoice_line_tk_id"),
        sa.PrimaryKeyConstraint("line_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_invoice_line_entry_id", "invoice_line", ["entry_id"])
    op.create_index("ix_invoice_line_expense_id", "invoice_line", ["expense_id"])
    op.create_index("ix_invoice_line_invoice_id_line_no", "invoice_line", ["invoice_id", "line_no"])
    op.create_index("ix_invoice_line_matter_id", "invoice_line", ["matter_id"])
    op.create_index("ix_invoice_line_tk_id", "invoice_line", ["tk_id"])
    op.create_table(
        "invoice_version",
        sa.Column("invoice_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.Column("changed_by", ID, nullable=True),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.invoice_id"], name="fk_invoice_version_invoice_id"),
        sa.ForeignKeyConstraint(["changed_by"], ["timekeeper.tk_id"], name="fk_invoice_version_changed_by"),
        sa.PrimaryKeyConstraint("invoice_id", "version"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_invoice_version_changed_by", "invoice_version", ["changed_by"])
    op.create_table(
        "trust_account",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(120), nullable=False),
        sa.Column("currency", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("account_id"),
        **TABLE_OPTIONS,
    )
    op.create_table(
        "trust_txn",
        sa.Column("txn_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=True),
        sa.Column("matter_id", ID, nullable=True),
        sa.Column("txn_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(120), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", ID, nullable=True),
        sa.Column("payee", sa.String(120), nullable=True),
        sa.Column("reference", sa.String(120), nullable=True),
        sa.Column("cleared_on", sa.Date(), nullable=True),
        sa.Column("created_by", ID, nullable=True),
        sa.Column("approved_by", ID, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["trust_account.account_id"], name="fk_trust_txn_account_id"),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"], name="fk_trust_txn_client_id"),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.matter_id"], name="fk_trust_txn_matter_id"),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.invoice_id"], name="fk_trust_txn_invoice_id"),
        sa.ForeignKeyConstraint(["created_by"], ["timekeeper.tk_id"], name="fk_trust_txn_created_by"),
        sa.ForeignKeyConstraint(["approved_by"], ["timekeeper.tk_id"], name="fk_trust_txn_approved_by"),
        sa.PrimaryKeyConstraint("txn_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_trust_txn_account_id_txn_date", "trust_txn", ["account_id", "txn_date"])
    op.create_index("ix_trust_txn_approved_by", "trust_txn", ["approved_by"])
    op.create_index("ix_trust_txn_client_id", "trust_txn", ["client_id"])
    op.create_index("ix_trust_txn_created_by", "trust_txn", ["created_by"])
    op.create_index("ix_trust_txn_invoice_id", "trust_txn", ["invoice_id"])
    op.create_index("ix_trust_txn_matter_id_txn_date", "trust_txn", ["matter_id", "txn_date"])
    op.create_table(
        "payment",
        sa.Column("payment_id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(120), nullable=False),
        sa.Column("method", sa.String(120), nullable=False),
        sa.Column("reference", sa.String(120), nullable=True),
        sa.Column("status", sa.String(120), nullable=False),
        sa.Column("source", sa.String(120), nullable=False),
        sa.Column("trust_txn_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"], name="fk_payment_client_id"),
        sa.ForeignKeyConstraint(["trust_txn_id"], ["trust_txn.txn_id"], name="fk_payment_trust_txn_id"),
        sa.PrimaryKeyConstraint("payment_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_payment_client_id_received_on", "payment", ["client_id", "received_on"])
    op.create_index("ix_payment_trust_txn_id", "payment", ["trust_txn_id"])
    op.create_table(
        "allocation",
        sa.Column("allocation_id", ID, nullable=False),
        sa.Column("payment_id", ID, nullable=True),
        sa.Column("invoice_id", ID, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("allocated_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(120), nullable=False),
        sa.Column("approved_by", ID, nullable=True),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.payment_id"], name="fk_allocation_payment_id"),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.invoice_id"], name="fk_allocation_invoice_id"),
        sa.ForeignKeyConstraint(["approved_by"], ["timekeeper.tk_id"], name="fk_allocation_approved_by"),
        sa.PrimaryKeyConstraint("allocation_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_allocation_approved_by", "allocation", ["approved_by"])
    op.create_index("ix_allocation_invoice_id", "allocation", ["invoice_id"])
    op.create_index("ix_allocation_payment_id", "allocation", ["payment_id"])
    op.create_table(
        "trust_statement",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("statement_date", sa.Date(), nullable=False),
        sa.Column("closing_balance", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["trust_account.account_id"], name="fk_trust_statement_account_id"
        ),
        sa.PrimaryKeyConstraint("account_id", "statement_date"),
        **TABLE_OPTIONS,
    )
    op.create_table(
        "trust_recon",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("bank_adjusted", sa.BigInteger(), nullable=False),
        sa.Column("book", sa.BigInteger(), nullable=False),
        sa.Column("client_total", sa.BigInteger(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("reviewed_by", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["trust_account.account_id"], name="fk_trust_recon_account_id"
        ),
        sa.ForeignKeyConstraint(["reviewed_by"], ["timekeeper.tk_id"], name="fk_trust_recon_reviewed_by"),
        sa.PrimaryKeyConstraint("account_id", "period_end"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_trust_recon_reviewed_by", "trust_recon", ["reviewed_by"])
    op.create_table(
        "gl_control",
        sa.Column("account", sa.String(120), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "as_of"),
        **TABLE_OPTIONS,
    )
    op.create_table(
        "tax_rate",
        sa.Column("code", sa.String(120), nullable=False),
        sa.Column("rate", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("code", "valid_from"),
        **TABLE_OPTIONS,
    )
    op.create_table(
        "case_record",
        sa.Column("case_id", sa.String(120), nullable=False),
        sa.Column("case_no", sa.String(120), nullable=False),
        sa.Column("client_no", sa.String(120), nullable=False),
        sa.Column("status", sa.String(120), nullable=False),
        sa.Column("fee_type", sa.String(120), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("case_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_case_record_client_no", "case_record", ["client_no"])
    op.create_table(
        "case_time",
        sa.Column("ext_id", sa.String(120), nullable=False),
        sa.Column("case_id", sa.String(120), nullable=False),
        sa.Column("tk_no", sa.String(120), nullable=False),
        sa.Column("work_date", sa.Date(), nullable=False),
        sa.Column("hours", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.Column("deleted", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_record.case_id"], name="fk_case_time_case_id"),
        sa.PrimaryKeyConstraint("ext_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_case_time_case_id", "case_time", ["case_id"])
    op.create_table(
        "sync_run",
        sa.Column("run_id", ID, nullable=False),
        sa.Column("stream", sa.String(120), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("status", sa.String(120), nullable=False),
        sa.Column("read_count", sa.Integer(), nullable=False),
        sa.Column("written_count", sa.Integer(), nullable=False),
        sa.Column("rejected_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("run_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_sync_run_stream_started_at", "sync_run", ["stream", "started_at"])
    op.create_table(
        "sync_event",
        sa.Column("event_id", ID, nullable=False),
        sa.Column("stream", sa.String(120), nullable=False),
        sa.Column("entity_id", sa.String(120), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("processed_at", sa.DateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_sync_event_status_created_at", "sync_event", ["status", "created_at"])
    op.create_table(
        "portal_user",
        sa.Column("portal_user_id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("email", sa.String(120), nullable=False),
        sa.Column("status", sa.String(120), nullable=False),
        sa.Column("mfa", sa.SmallInteger(), nullable=False),
        sa.Column("last_login_on", sa.Date(), nullable=True),
        sa.Column("invited_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"], name="fk_portal_user_client_id"),
        sa.PrimaryKeyConstraint("portal_user_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_portal_user_client_id", "portal_user", ["client_id"])
    op.create_table(
        "portal_grant",
        sa.Column("grant_id", ID, nullable=False),
        sa.Column("portal_user_id", ID, nullable=False),
        sa.Column("matter_id", ID, nullable=False),
        sa.Column("permission", sa.String(120), nullable=False),
        sa.Column("granted_by", ID, nullable=True),
        sa.Column("granted_on", sa.Date(), nullable=False),
        sa.Column("revoked_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["portal_user_id"], ["portal_user.portal_user_id"], name="fk_portal_grant_portal_user_id"
        ),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.matter_id"], name="fk_portal_grant_matter_id"),
        sa.ForeignKeyConstraint(["granted_by"], ["timekeeper.tk_id"], name="fk_portal_grant_granted_by"),
        sa.PrimaryKeyConstraint("grant_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_portal_grant_granted_by", "portal_grant", ["granted_by"])
    op.create_index("ix_portal_grant_matter_id", "portal_grant", ["matter_id"])
    op.create_index(
        "ix_portal_grant_portal_user_id_matter_id", "portal_grant", ["portal_user_id", "matter_id"]
    )
    op.create_table(
        "portal_access",
        sa.Column("access_id", ID, nullable=False),
        sa.Column("portal_user_id", ID, nullable=False),
        sa.Column("invoice_id", ID, nullable=False),
        sa.Column("action", sa.String(120), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["portal_user_id"], ["portal_user.portal_user_id"], name="fk_portal_access_portal_user_id"
        ),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.invoice_id"], name="fk_portal_access_invoice_id"),
        sa.PrimaryKeyConstraint("access_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_portal_access_invoice_id", "portal_access", ["invoice_id"])
    op.create_index("ix_portal_access_portal_user_id", "portal_access", ["portal_user_id"])
    op.create_table(
        "staff_access",
        sa.Column("access_id", ID, nullable=False),
        sa.Column("tk_id", ID, nullable=False),
        sa.Column("matter_id", ID, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["tk_id"], ["timekeeper.tk_id"], name="fk_staff_access_tk_id"),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.matter_id"], name="fk_staff_access_matter_id"),
        sa.PrimaryKeyConstraint("access_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_staff_access_matter_id", "staff_access", ["matter_id"])
    op.create_index("ix_staff_access_tk_id", "staff_access", ["tk_id"])
    op.create_table(
        "wall_member",
        sa.Column("matter_id", ID, nullable=False),
        sa.Column("tk_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.matter_id"], name="fk_wall_member_matter_id"),
        sa.ForeignKeyConstraint(["tk_id"], ["timekeeper.tk_id"], name="fk_wall_member_tk_id"),
        sa.PrimaryKeyConstraint("matter_id", "tk_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_wall_member_tk_id", "wall_member", ["tk_id"])
    op.create_table(
        "notice",
        sa.Column("notice_id", ID, nullable=False),
        sa.Column("invoice_id", ID, nullable=False),
        sa.Column("kind", sa.String(120), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("status", sa.String(120), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.invoice_id"], name="fk_notice_invoice_id"),
        sa.PrimaryKeyConstraint("notice_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_notice_invoice_id", "notice", ["invoice_id"])
    op.create_table(
        "billing_run",
        sa.Column("run_id", ID, nullable=False),
        sa.Column("scheduled_for", sa.Date(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("status", sa.String(120), nullable=False),
        sa.Column("invoices_created", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("run_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_billing_run_scheduled_for", "billing_run", ["scheduled_for"])
    op.create_table(
        "ledes_export",
        sa.Column("file_id", ID, nullable=False),
        sa.Column("invoice_id", ID, nullable=False),
        sa.Column("format", sa.String(120), nullable=False),
        sa.Column("generated_on", sa.Date(), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(120), nullable=False),
        sa.Column("status_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.invoice_id"], name="fk_ledes_export_invoice_id"),
        sa.PrimaryKeyConstraint("file_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_ledes_export_invoice_id", "ledes_export", ["invoice_id"])
    op.create_table(
        "utbms_code",
        sa.Column("code", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(120), nullable=False),
        sa.Column("code_set", sa.String(120), nullable=False),
        sa.Column("is_leaf", sa.SmallInteger(), nullable=False),
        sa.Column("retired_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("code"),
        **TABLE_OPTIONS,
    )
    op.create_table(
        "tk_class",
        sa.Column("code", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("code"),
        **TABLE_OPTIONS,
    )
    op.create_table(
        "audit_log",
        sa.Column("audit_id", ID, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("actor", ID, nullable=True),
        sa.Column("action", sa.String(120), nullable=False),
        sa.Column("entity", sa.String(120), nullable=False),
        sa.Column("entity_id", ID, nullable=False),
        sa.Column("prev_hash", sa.String(120), nullable=False),
        sa.Column("row_hash", sa.String(120), nullable=False),
        sa.ForeignKeyConstraint(["actor"], ["timekeeper.tk_id"], name="fk_audit_log_actor"),
        sa.PrimaryKeyConstraint("audit_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_audit_log_actor", "audit_log", ["actor"])
    op.create_index("ix_audit_log_entity_entity_id", "audit_log", ["entity", "entity_id"])
    op.create_table(
        "erasure_request",
        sa.Column("request_id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("requested_on", sa.Date(), nullable=False),
        sa.Column("completed_on", sa.Date(), nullable=True),
        sa.Column("refused_reason", sa.String(120), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"], name="fk_erasure_request_client_id"),
        sa.PrimaryKeyConstraint("request_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_erasure_request_client_id", "erasure_request", ["client_id"])
    op.create_table(
        "purge_log",
        sa.Column("purge_id", ID, nullable=False),
        sa.Column("entity", sa.String(120), nullable=False),
        sa.Column("entity_id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=True),
        sa.Column("record_date", sa.Date(), nullable=False),
        sa.Column("purged_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"], name="fk_purge_log_client_id"),
        sa.PrimaryKeyConstraint("purge_id"),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_purge_log_client_id", "purge_log", ["client_id"])


def downgrade() -> None:
    op.drop_table("purge_log")
    op.drop_table("erasure_request")
    op.drop_table("audit_log")
    op.drop_table("tk_class")
    op.drop_table("utbms_code")
    op.drop_table("ledes_export")
    op.drop_table("billing_run")
    op.drop_table("notice")
    op.drop_table("wall_member")
    op.drop_table("staff_access")
    op.drop_table("portal_access")
    op.drop_table("portal_grant")
    op.drop_table("portal_user")
    op.drop_table("sync_event")
    op.drop_table("sync_run")
    op.drop_table("case_time")
    op.drop_table("case_record")
    op.drop_table("tax_rate")
    op.drop_table("gl_control")
    op.drop_table("trust_recon")
    op.drop_table("trust_statement")
    op.drop_table("allocation")
    op.drop_table("payment")
    op.drop_table("trust_txn")
    op.drop_table("trust_account")
    op.drop_table("invoice_version")
    op.drop_table("invoice_line")
    op.drop_table("invoice")
    op.drop_table("expense")
    op.drop_table("time_entry")
    op.drop_table("rate")
    op.drop_table("payer_split")
    op.drop_table("matter_tk")
    op.drop_table("matter")
    op.drop_table("timekeeper")
    op.drop_table("client")
