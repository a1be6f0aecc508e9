"""The logical model that every billing check, drill and report speaks: 36 entities and their fields.

Amounts are whole numbers on every engine, because SQLite has no exact decimal: money in minor units
(cents), quantities in ten-thousandths (1.5 h = 15,000), shares in millionths (19 % = 190,000).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

TEN_THOUSAND = 10_000
"""Parts in one unit of a quantity (an hour, a piece)."""
MILLION = 1_000_000
"""Parts in the whole of a share: 19 % is 190,000."""


class FieldKind(StrEnum):
    """What a field holds; the same words as in the declaration below."""

    ID = "id"
    INT = "int"
    TEXT = "text"
    LONGTEXT = "longtext"
    DATE = "date"
    TIMESTAMP = "timestamp"
    FLAG = "flag"
    MONEY = "money"
    QUANTITY = "quantity"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Field:
    """One field. Timestamps are UTC without an offset; flags are 0 or 1."""

    name: str
    kind: FieldKind
    required: bool = False
    refers: str = ""
    """The entity whose key this field holds."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One noun of legal billing."""

    name: str
    meaning: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields)


def _field(line: str) -> Field:
    name, kind, *refers = line.split()
    return Field(name, FieldKind(kind.rstrip("!")), kind.endswith("!"), refers[0] if refers else "")


def _entity(name: str, key: str, meaning: str, fields: str) -> Entity:
    lines = [part for line in fields.splitlines() for part in line.split(",") if part.strip()]
    return Entity(name, meaning, tuple(key.split()), tuple(map(_field, lines)))


# One field is "name kind [entity it refers to]"; `!` marks a field that is never empty.
_ENTITIES = (
    _entity(
        "client",
        "client_id",
        "Who is billed, with the rules of the client's billing guideline",
        """client_id id!, client_no text!, name text!, status text!, currency text!, terms_days int!
        tax_id text, email text, portal_enabled flag!, ebilling flag!
        created_on date!, closed_on date, anonymised_on date, retention_until date, legal_hold flag!
        max_day_hours quantity!, increment quantity!, late_entry_days int!, late_submit_days int!
        receipt_over money, rate_cap money, discount_pct share!""",
    ),
    _entity(
        "timekeeper",
        "tk_id",
        "Who records time; `classification` is a LEDES code",
        """tk_id id!, tk_no text!, name text!, classification text!, status text!
        started_on date!, ended_on date, email text""",
    ),
    _entity(
        "matter",
        "matter_id",
        "One engagement; `fee_type` is hourly, flat, capped, contingency, blended, retainer or probono",
        """matter_id id!, client_id id! client, matter_no text!, client_matter_no text, name text!
        status text!
        opened_on date!, closed_on date, fee_type text!, currency text!, lead_tk_id id! timekeeper
        budget money, fee_cap money, flat_fee money, contingency_pct share, recovery money
        blended_rate money, retainer_min money, bill_every_days int, code_set text, ext_id text
        walled flag!""",
    ),
    _entity(
        "matter_tk",
        "matter_id tk_id",
        "A timekeeper whom the client approved for a matter",
        "matter_id id! matter, tk_id id! timekeeper, approved_on date!",
    ),
    _entity(
        "payer_split",
        "matter_id payer_client_id",
        "Who pays which share of a matter, if not its client",
        "matter_id id! matter, payer_client_id id! client, pct share!",
    ),
    _entity(
        "rate",
        "rate_id",
        "Money per hour; the matter's rate goes before the client's, that before the standard",
        """rate_id id!, tk_id id! timekeeper, client_id id client, matter_id id matter
        rate money!, currency text!, valid_from date!, valid_to date, approved_on date""",
    ),
    _entity(
        "time_entry",
        "entry_id",
        "Recorded work; `status` is draft, submitted, approved, billed or written_off",
        """entry_id id!, matter_id id! matter, tk_id id! timekeeper, work_date date!, created_on date!
        start_at timestamp, end_at timestamp, hours quantity!, rate money!, amount money!, currency text!
        billable flag!, status text!, narrative longtext, privileged flag!, task_code text, activity_code text
        approved_by id timekeeper, approved_on date, updated_at timestamp!, writeoff_reason text
        ext_id text""",
    ),
    _entity(
        "expense",
        "expense_id",
        "A disbursement for a matter",
        """expense_id id!, matter_id id! matter, tk_id id! timekeeper, expense_date date!, quantity quantity!
        unit_cost money!, amount money!, currency text!, expense_code text, receipt_ref text, status text!
        narrative longtext""",
    ),
    _entity(
        "invoice",
        "invoice_id",
        "A bill or credit note; `status` is draft, final, sent, part_paid, paid (nothing open) or void",
        """invoice_id id!, invoice_no text!, seq_no int!, client_id id! client, matter_id id! matter
        invoice_type text!, original_id id invoice, invoice_date date!, due_date date!
        period_start date, period_end date, status text!, currency text!, tax_mode text!
        fees_total money!, expenses_total money!, discount_total money!, tax_total money!, total money!
        paid_total money!, credited_total money!, writeoff_total money!, balance money!, portal_balance money
        finalised_at timestamp, finalised_by id timekeeper, approved_by id timekeeper, sent_at timestamp
        updated_at timestamp!, version int!""",
    ),
    _entity(
        "invoice_line",
        "line_id",
        "One line: F fee, E expense, IF and IE adjustments of the whole invoice (LEDES 1998B)",
        """line_id id!, invoice_id id! invoice, line_no int!, line_type text!, matter_id id! matter
        entry_id id time_entry, expense_id id expense, tk_id id timekeeper, line_date date!
        units quantity!, unit_price money!, adjustment money!, amount money!, tax_rate share!
        tax_amount money!
        task_code text, activity_code text, expense_code text, description longtext""",
    ),
    _entity(
        "invoice_version",
        "invoice_id version",
        "What an invoice came to each time it was changed",
        """invoice_id id! invoice, version int!, total money!, changed_at timestamp!
        changed_by id timekeeper""",
    ),
    _entity(
        "trust_account",
        "account_id",
        "A bank account of clients' money; `kind` is IOLTA or client",
        "account_id id!, name text!, kind text!, currency text!",
    ),
    _entity(
        "trust_txn",
        "txn_id",
        "Clients' money: deposit, fee_transfer, disbursement, refund, firm_float; what goes out is negative",
        """txn_id id!, account_id id! trust_account, client_id id client, matter_id id matter, txn_date date!
        kind text!, amount money!, invoice_id id invoice, payee text, reference text, cleared_on date
        created_by id timekeeper, approved_by id timekeeper""",
    ),
    _entity(
        "payment",
        "payment_id",
        "Money received; `source` is bank or trust, `status` posted or reversed",
        """payment_id id!, client_id id! client, received_on date!, amount money!, currency text!
        method text!, reference text, status text!, source text!, trust_txn_id id trust_txn""",
    ),
    _entity(
        "allocation",
        "allocation_id",
        "What settles an invoice; `kind` is payment, credit or writeoff, and only a payment has a payment",
        """allocation_id id!, payment_id id payment, invoice_id id! invoice, amount money!
        allocated_on date!, kind text!, approved_by id timekeeper""",
    ),
    _entity(
        "trust_statement",
        "account_id statement_date",
        "What the bank says a trust account holds at a month's end",
        "account_id id! trust_account, statement_date date!, closing_balance money!",
    ),
    _entity(
        "trust_recon",
        "account_id period_end",
        "A three-way reconciliation as signed: bank with items in transit, book, sum of the clients' ledgers",
        """account_id id! trust_account, period_end date!, bank_adjusted money!, book money!
        client_total money!
        done_on date, reviewed_by id timekeeper""",
    ),
    _entity(
        "gl_control",
        "account as_of",
        "A control account of the general ledger; receivables are AR-<currency>",
        "account text!, as_of date!, balance money!",
    ),
    _entity(
        "tax_rate",
        "code valid_from",
        "A tax rate and when it was in force",
        "code text!, rate share!, valid_from date!, valid_to date",
    ),
    _entity(
        "case_record",
        "case_id",
        "A case as the case-management system has it",
        """case_id text!, case_no text!, client_no text!, status text!, fee_type text, opened_on date
        closed_on date, updated_at timestamp!""",
    ),
    _entity(
        "case_time",
        "ext_id",
        "Work as recorded in the case-management system",
        """ext_id text!, case_id text! case_record, tk_no text!, work_date date!, hours quantity!
        updated_at timestamp!, deleted flag!""",
    ),
    _entity(
        "sync_run",
        "run_id",
        "One run that carries data from case management to billing",
        """run_id id!, stream text!, started_at timestamp!, finished_at timestamp, status text!
        read_count int!, written_count int!, rejected_count int!""",
    ),
    _entity(
        "sync_event",
        "event_id",
        "One change to be carried over; `status` is waiting, done or dead",
        """event_id id!, stream text!, entity_id text!, created_at timestamp!, processed_at timestamp
        attempts int!, status text!""",
    ),
    _entity(
        "portal_user",
        "portal_user_id",
        "A client's contact who may log in to the portal",
        """portal_user_id id!, client_id id! client, email text!, status text!, mfa flag!
        last_login_on date, invited_on date!, ended_on date""",
    ),
    _entity(
        "portal_grant",
        "grant_id",
        "What a portal user may see",
        """grant_id id!, portal_user_id id! portal_user, matter_id id! matter, permission text!
        granted_by id timekeeper, granted_on date!, revoked_on date, expires_on date""",
    ),
    _entity(
        "portal_access",
        "access_id",
        "A portal user looked at an invoice",
        """access_id id!, portal_user_id id! portal_user, invoice_id id! invoice, action text!
        at timestamp!""",
    ),
    _entity(
        "staff_access",
        "access_id",
        "Someone of the firm opened a walled matter",
        "access_id id!, tk_id id! timekeeper, matter_id id! matter, at timestamp!",
    ),
    _entity(
        "wall_member",
        "matter_id tk_id",
        "Who stands inside the ethical wall of a matter",
        "matter_id id! matter, tk_id id! timekeeper",
    ),
    _entity(
        "notice",
        "notice_id",
        "A reminder to a client; `kind` is overdue_1 or overdue_2",
        "notice_id id!, invoice_id id! invoice, kind text!, sent_on date, status text!",
    ),
    _entity(
        "billing_run",
        "run_id",
        "One scheduled run that makes the month's invoices",
        """run_id id!, scheduled_for date!, started_at timestamp, finished_at timestamp, status text!
        invoices_created int!""",
    ),
    _entity(
        "ledes_export",
        "file_id",
        "An invoice as sent to a client's e-billing system",
        """file_id id!, invoice_id id! invoice, format text!, generated_on date!, line_count int!
        total money!, status text!, status_on date!""",
    ),
    _entity(
        "utbms_code",
        "code",
        "A code of the Uniform Task-Based Management System",
        "code text!, kind text!, code_set text!, is_leaf flag!, retired_on date",
    ),
    _entity("tk_class", "code", "A timekeeper classification of LEDES (list of 2014)", "code text!"),
    _entity(
        "audit_log",
        "audit_id",
        "Who did what; each row carries the hash of the one before",
        """audit_id id!, at timestamp!, actor id timekeeper, action text!, entity text!, entity_id id!
        prev_hash text!, row_hash text!""",
    ),
    _entity(
        "erasure_request",
        "request_id",
        "A person asked for erasure of their data",
        """request_id id!, client_id id! client, requested_on date!, completed_on date
        refused_reason text""",
    ),
    _entity(
        "purge_log",
        "purge_id",
        "A record removed at the end of its retention",
        """purge_id id!, entity text!, entity_id id!, client_id id client, record_date date!
        purged_on date!""",
    ),
)

ENTITIES: Mapping[str, Entity] = {entity.name: entity for entity in _ENTITIES}
"""Every entity by name, those referred to before those that refer to them."""
