"""A policy as the JSON document of its revision, and back. Pure.

    {"calendar": "london", "budgets": {"P1": {"response": 900, "resolution": 14400}},
     "fits": {"client": "ACME-1"}, "warnings": [75, 90], "pausing": ["resolution", "update"],
     "change": "retroactive", "contract": "C-12 § 4.2", "since": "2026-01-01T00:00:00+00:00", "until": null}

Reading takes nothing for granted: by what it gives back clocks can be counted.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any

from lexops.calendars.document import Unusable, moment, reading
from lexops.sla.model import Change, ClockKind, Facts, Policy

Document = dict[str, Any]
FACTS = ("priority", "client", "provider", "queue", "kind")


def to_document(policy: Policy) -> Document:
    """The policy without its name; the same policy is always the same document."""
    fits = {name: getattr(policy.fits, name) for name in FACTS}
    return {
        "calendar": policy.calendar,
        "budgets": {
            priority: {kind.value: budget for kind, budget in sorted(budgets.items())}
            for priority, budgets in sorted(policy.budgets.items())
        },
        "fits": {name: value for name, value in fits.items() if value},
        "warnings": list(policy.warnings),
        "pausing": sorted(kind.value for kind in policy.pausing),
        "change": policy.change.value,
        "contract": policy.contract,
        "since": policy.since.astimezone(UTC).isoformat() if policy.since else None,
        "until": policy.until.astimezone(UTC).isoformat() if policy.until else None,
    }


def from_document(name: str, document: object) -> Policy:
    """The policy of a document. Raises Unusable that says what is wrong with it."""
    with reading():
        assert isinstance(document, dict)
        found = Policy(
            name=name,
            calendar=str(document["calendar"]),
            budgets={
                str(priority): {ClockKind(kind): _budget(budget) for kind, budget in budgets.items()}
                for priority, budgets in document["budgets"].items()
            },
            fits=Facts(**{fact: str(value) for fact, value in document["fits"].items()}),
            warnings=tuple(map(_percent, document["warnings"])),
            pausing=frozenset(map(ClockKind, document["pausing"])),
            change=Change(document["change"]),
            contract=str(document["contract"]),
            since=moment(document["since"]),
            until=moment(document["until"]),
        )
    return found


def _budget(value: object) -> int:
    if type(value) is not int or value <= 0:
        raise Unusable(f"a budget of {value!r} seconds")
    return value


def _percent(value: object) -> int:
    if type(value) is not int or not 0 < value < 100:
        raise Unusable(f"a warning at {value!r} percent")
    return value
