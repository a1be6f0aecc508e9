"""The reference schema: one table per entity of the logical model, as the demo firm has it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeEngine

from lexops.billing.model import ENTITIES, Entity, Field, FieldKind

# MariaDB's default of a new table depends on the server, and its utf8 holds no rare characters.
TABLE_OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_default_charset": "utf8mb4"}

_TYPES: dict[FieldKind, TypeEngine[Any]] = {
    FieldKind.ID: BigInteger().with_variant(Integer(), "sqlite"),
    FieldKind.INT: Integer(),
    FieldKind.TEXT: String(120),
    FieldKind.LONGTEXT: Text(),
    FieldKind.DATE: Date(),
    FieldKind.TIMESTAMP: DateTime(),
    FieldKind.FLAG: SmallInteger(),
    FieldKind.MONEY: BigInteger(),
    FieldKind.QUANTITY: BigInteger(),
    FieldKind.SHARE: BigInteger(),
}

# "table: columns". No index on the invoice number is unique: real systems lack it too, and a check must
# be able to find duplicates.
_INDEXES = """
client: client_no
timekeeper: tk_no
matter: client_id
matter: matter_no
matter: ext_id
matter: lead_tk_id
matter_tk: tk_id
payer_split: payer_client_id
rate: tk_id matter_id client_id valid_from
rate: client_id
rate: matter_id
time_entry: matter_id work_date
time_entry: tk_id work_date matter_id hours
time_entry: status work_date
time_entry: approved_by
time_entry: ext_id
expense: matter_id expense_date
expense: tk_id
invoice: invoice_no
invoice: seq_no
invoice: client_id invoice_date
invoice: matter_id invoice_date
invoice: invoice_date
invoice: original_id
invoice: status due_date
invoice: finalised_by
invoice: approved_by
invoice_line: invoice_id line_no
invoice_line: entry_id
invoice_line: expense_id
invoice_line: matter_id
invoice_line: tk_id
invoice_version: changed_by
trust_txn: account_id txn_date
trust_txn: client_id
trust_txn: matter_id txn_date
trust_txn: invoice_id
trust_txn: created_by
trust_txn: approved_by
payment: client_id received_on
payment: trust_txn_id
allocation: payment_id
allocation: invoice_id
allocation: approved_by
trust_recon: reviewed_by
case_record: client_no
case_time: case_id
sync_run: stream started_at
sync_event: status created_at
portal_user: client_id
portal_grant: portal_user_id matter_id
portal_grant: matter_id
portal_grant: granted_by
portal_access: portal_user_id
portal_access: invoice_id
staff_access: tk_id
staff_access: matter_id
wall_member: tk_id
notice: invoice_id
billing_run: scheduled_for
ledes_export: invoice_id
audit_log: entity entity_id
audit_log: actor
erasure_request: client_id
purge_log: client_id
"""


def _references(entity: Entity, field: Field) -> list[ForeignKey]:
    """The foreign key of a field, named, so that a migration can speak of it on every engine."""
    if not field.refers:
        return []
    target = f"{field.refers}.{ENTITIES[field.refers].key[0]}"
    return [ForeignKey(target, name=f"fk_{entity.name}_{field.name}")]


def _column(entity: Entity, field: Field) -> Column[Any]:
    return Column(
        field.name,
        _TYPES[field.kind],
        *_references(entity, field),
        primary_key=field.name in entity.key,
        nullable=not (field.required or field.name in entity.key),
        autoincrement=False,
    )


def _metadata() -> MetaData:
    metadata = MetaData()
    for entity in ENTITIES.values():
        Table(entity.name, metadata, *(_column(entity, field) for field in entity.fields), **TABLE_OPTIONS)
    for line in _INDEXES.split("\n"):
        if line:
            table, _, columns = line.partition(": ")
            names = columns.split()
            Index(f"ix_{table}_{'_'.join(names)}", *(metadata.tables[table].c[name] for name in names))
    return metadata


METADATA = _metadata()
VERSION_TABLE = "billing_version"
"""Where Alembic notes the revision of the reference schema."""
