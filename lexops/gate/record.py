"""What the gate puts on the record about a request: in the transaction in which it happens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from lexops.audit.model import Draft, Entry, Personal
from lexops.audit.trail import Trail
from lexops.store import event

SYSTEM = "lexops"
"""Stands on the record where no person acted."""
NOBODY = "nobody"
"""Stands on the record where somebody acted who is no operator."""


class Recorder:
    """Writes entries and the events that live screens follow."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail

    def write(
        self,
        connection: Connection,
        kind: str,
        row: Row[Any],
        at: datetime,
        *,
        mark: str = "",
        actor: str | None = None,
        personal: Mapping[str, str] | None = None,
        **data: str | int | bool | None,
    ) -> Entry:
        """Record what happened to a request; the same kind and mark only once.

        `personal` is sealed under the request as subject: it can be erased, the entry stays.
        """
        key = f"{row.key}:{kind}{mark}"
        subject = f"request:{row.key}"
        facts: dict[str, str | int | bool | None] = {
            "operation": row.operation,
            "request": row.id,
            "hash": row.hash,
            "door": row.door,
            "environment": row.environment,
            "target": row.target,
            **data,
        }
        sealed = {name: Personal(subject, value) for name, value in (personal or {}).items() if value}
        who = row.operator_id if actor is None else actor
        entry = self._trail.append(connection, Draft(kind, who, key, at, facts, sealed))
        event.append(
            connection,
            at,
            f"request.{kind}",
            f"#{row.id}",
            {"operation": row.operation, "target": row.target},
        )
        return entry

    def note(
        self,
        connection: Connection,
        kind: str,
        key: str,
        actor: str,
        at: datetime,
        data: Mapping[str, str | int | bool | None],
        personal: Mapping[str, str] | None = None,
    ) -> Entry:
        """Record something that is no request."""
        sealed = {name: Personal(f"request:{key}", value) for name, value in (personal or {}).items()}
        return self._trail.append(connection, Draft(kind, actor, key, at, data, sealed))

    def refused(
        self,
        connection: Connection,
        key: str,
        operator_id: str,
        at: datetime,
        facts: Mapping[str, Any],
        name: str,
    ) -> None:
        """Record that an act was refused; `name` is whoever asked, sealed."""
        self.note(connection, "refused", f"{key}:refused", operator_id, at, dict(facts), {"operator": name})
        event.append(connection, at, "request.refused", str(facts.get("operation", "")), {})
