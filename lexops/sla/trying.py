"""Tries a policy that is not entered: reads what it would concern, and counts it both ways."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from lexops.config import SiteFile
from lexops.incidents import store as incidents
from lexops.incidents.model import State
from lexops.sla import notation, reading, store
from lexops.sla.drafting import Wanted, fits_of, revised
from lexops.sla.model import Change, Policy
from lexops.sla.what_if import Tried, last_quarter, shifts, would_have


def wanted(name: str, given: Mapping[str, str | None], before: Policy | None) -> Wanted:
    """A policy of what is given, by the names of the operation's arguments; the rest as it was before."""
    usual = _typed(before) if before else {}
    typed = usual | {key: value for key, value in given.items() if value is not None}
    change = Change(typed.pop("change", Change.RETROACTIVE))
    calendar, budgets = typed.pop("calendar"), typed.pop("budgets")
    return Wanted(name, calendar, budgets, change=change, **typed)


def _typed(policy: Policy) -> dict[str, str]:
    """A policy as it would be typed."""
    moments = {"since": policy.since, "until": policy.until}
    return {
        "calendar": policy.calendar,
        "budgets": notation.budgets_text(policy.budgets),
        "warnings": notation.percents_text(policy.warnings),
        "pauses": notation.pauses_text(policy.pausing),
        "change": policy.change.value,
        "contract": policy.contract,
        **fits_of(policy.fits),
        **{name: at.isoformat() for name, at in moments.items() if at is not None},
    }


def tried(
    connection: Connection, file: SiteFile, policy: Policy, now: datetime, *, correction: bool
) -> Tried:
    """What a policy would change on open tickets, and would have in the last quarter. Raises StoreError."""
    book = store.book(connection)
    current = reading.told(connection, file, incidents.incidents(connection))
    since, until = last_quarter(now, file.zone)
    past = [each for each in incidents.between(connection, since, until) if each.state is not State.CANCELLED]
    happened = reading.told(connection, file, past)
    return Tried(
        shifts(current, book, revised(book, policy, now, correction=correction), now),
        since,
        until,
        would_have(happened.values(), book, revised(book, policy, now, correction=True), since, until, now),
    )
