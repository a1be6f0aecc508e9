"""Saved requests: written down as they are, read again as they were, and whether they still are that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from lexops.audit import store as record
from lexops.auth.model import Operator
from lexops.config import Settings
from lexops.gate import facts, frozen
from lexops.gate import store as requests
from lexops.gate.facts import Case
from lexops.gate.model import State
from lexops.operations import Catalogue, Request
from lexops.operations.arguments import validated
from lexops.privacy.keyring import Keyring
from lexops.privacy.store import reveal, seal


def keep(
    connection: Connection,
    keyring: Keyring,
    case: Case,
    person: Operator,
    plan: Sequence[str],
    at: datetime,
    *,
    approvals: int,
    expires: datetime | None,
    review_due: datetime | None,
) -> Row[Any]:
    """Write a request down, frozen; what is personal in it is sealed. `review_due`: it broke the glass."""
    request, operation = case.request, case.operation
    commitments = _sealed(connection, keyring, case)
    kept = frozen.kept(operation, case.arguments, commitments)
    state = State.WAITING if approvals else State.RELEASED if operation.steps else State.RUNNING
    number = requests.write(
        connection,
        requests.Kept(
            request=request if review_due else replace(request, break_glass=""),
            title=operation.title,
            effect=operation.effect,
            arguments=kept,
            plan=plan,
            hash=frozen.fingerprint(
                operation=operation.name,
                arguments=kept,
                plan=plan,
                operator=person.id,
                environment=case.environment,
                key=request.key,
            ),
            operator_id=person.id,
            environment=case.environment,
            target=case.target,
            at=at,
            state=state,
            steps=[step.name for step in operation.steps],
            approvals=approvals,
            expires=expires,
            review_due=review_due,
        ),
    )
    return requests.numbered(connection, number)


def _sealed(connection: Connection, keyring: Keyring, case: Case) -> dict[str, str]:
    key = case.request.key
    return {
        field: seal(connection, keyring, subject=f"request:{key}", owner=key, field=field, value=value)
        for field, value in frozen.personal(case.operation, case.arguments).items()
    }


def case_of(
    connection: Connection, keyring: Keyring, catalogue: Catalogue, settings: Settings, row: Row[Any]
) -> Case:
    """A saved request as it was asked for, its sealed arguments opened. Raises InvalidRequest."""
    operation = catalogue.find(row.operation)
    opened = reveal(connection, keyring, row.key)
    given = {
        name: opened.get(name) if isinstance(value, dict) else value
        for name, value in row.arguments.items()
        if value is not None
    }
    request = Request(
        row.operation,
        given,
        row.operator,
        row.door,
        row.key,
        session=row.session,
        fingerprint=row.fingerprint,
        break_glass=row.break_glass,
    )
    return facts.case(settings, request, operation, validated(operation, given))


def is_as_recorded(connection: Connection, row: Row[Any]) -> bool:
    """Whether a saved request is what it hashed to, what the record says, and what was approved."""
    hashed = frozen.fingerprint(
        operation=row.operation,
        arguments=row.arguments,
        plan=row.plan,
        operator=row.operator_id,
        environment=row.environment,
        key=row.key,
    )
    kind = "requested" if row.approvals_needed else "begun"
    entry = record.entry_by_key(connection, f"{row.key}:{kind}")
    agreed = [each.hash for each in requests.approvals(connection, row.id) if each.agreed]
    recorded = entry is not None and entry.data.get("hash") == row.hash
    return bool(hashed == row.hash and recorded and all(hash == row.hash for hash in agreed))
