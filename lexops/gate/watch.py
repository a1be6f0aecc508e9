"""What the gate does when nobody asks: ends what has expired, reminds of reviews, tidies what was cut off."""

from __future__ import annotations

from datetime import timedelta

from lexops.gate import store as requests
from lexops.gate.gate import Gate
from lexops.gate.model import State
from lexops.gate.record import SYSTEM

CUT_OFF_AFTER = timedelta(minutes=10)
"""An act on LexOps' own records takes a second; one that is still under way then has lost its process."""


def watch(gate: Gate) -> None:
    """One look, in one transaction; a worker calls it every few seconds. Raises StoreError."""
    with gate.store.begin() as connection:
        now = gate.clock.now()
        for row in requests.overdue(connection, now):
            requests.move(connection, row.id, State.EXPIRED, now, answer="nobody approved it in time")
            gate.recorder.write(connection, "expired", row, now, actor=SYSTEM)
        for row in requests.unreviewed(connection, now):
            day = (now - row.review_due).days
            gate.alarm(
                connection,
                f"{row.key}:review:{day}",
                f"request #{row.id} broke the glass; nobody has reviewed it: lexops request review {row.id}",
                now,
            )
        for row in requests.in_states(connection, [State.RUNNING]):
            if not row.steps and row.worker is None and row.changed < now - CUT_OFF_AFTER:
                gate.fail(connection, row, "its process died before it acted; nothing was changed")
