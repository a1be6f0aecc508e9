"""Policies, what another one would change, and what is foreseen: as lines of text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from lexops.calendars.business import moment as moment_of
from lexops.cli.present import moment
from lexops.cli.program import table
from lexops.clock import show_moment
from lexops.sla.drafting import fits_of, fits_text
from lexops.sla.notation import budgets_text, duration, pauses_text, percents_text
from lexops.text import plural

if TYPE_CHECKING:
    from lexops.calendars.model import Revision
    from lexops.sla.model import Clock, Policy
    from lexops.sla.predict import HitRate
    from lexops.sla.view import Forecast, Ticket
    from lexops.sla.what_if import Kept, Shift, Tried, Would

HEAD = ("policy", "for", "calendar", "opened", "revision", "promised")


def policy_row(revision: Revision[Policy], zone: ZoneInfo) -> tuple[str, ...]:
    """One line of the list of policies."""
    policy = revision.value
    return (
        policy.name,
        fits_text(policy.fits),
        policy.calendar,
        span(policy, zone),
        str(revision.number),
        budgets_text(policy.budgets),
    )


def span(policy: Policy, zone: ZoneInfo) -> str:
    """The tickets that it is for, by when they were opened."""
    since = f"from {show_moment(policy.since, zone)}" if policy.since else ""
    until = f"before {show_moment(policy.until, zone)}" if policy.until else ""
    return " ".join(filter(None, (since, until))) or "always"


def policy_lines(revisions: Sequence[Revision[Policy]], zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    """A policy as it is now: what is said, and its value."""
    policy = revisions[-1].value
    yield "policy", f"{policy.name}, revision {revisions[-1].number}"
    yield "for", fits_text(policy.fits)
    yield "opened", span(policy, zone)
    yield "calendar", policy.calendar
    for part in budgets_text(policy.budgets).split("; "):
        yield "promised", part
    yield "warnings", f"{percents_text(policy.warnings)} percent of the budget"
    yield "waits", f"{pauses_text(policy.pausing)}, while the ticket waits"
    yield "change", f"{policy.change}: a new priority or client"
    yield "contract", policy.contract or "-"


HISTORY_HEAD = ("revision", "entered", "by", "kind", "why", "promised")


def history_row(revision: Revision[Policy], zone: ZoneInfo) -> tuple[str, ...]:
    """One line of a policy's history."""
    policy = revision.value
    return (
        str(revision.number),
        show_moment(revision.recorded, zone),
        revision.operator,
        "correction" if revision.correction else "change" if revision.number > 1 else "new",
        revision.reason,
        f"{budgets_text(policy.budgets)} of {policy.calendar}",
    )


def policy_json(revision: Revision[Policy]) -> dict[str, Any]:
    """A revision of a policy as data; budgets in open seconds."""
    policy = revision.value
    return {
        "policy": policy.name,
        "revision": revision.number,
        "entered": moment(revision.recorded),
        "operator": revision.operator,
        "correction": revision.correction,
        "reason": revision.reason,
        "fits": dict(fits_of(policy.fits)),
        "since": moment(policy.since),
        "until": moment(policy.until),
        "calendar": policy.calendar,
        "budgets": {
            priority: {kind.value: budget for kind, budget in promised.items()}
            for priority, promised in policy.budgets.items()
        },
        "warnings": list(policy.warnings),
        "pauses": sorted(kind.value for kind in policy.pausing),
        "change": policy.change.value,
        "contract": policy.contract,
    }


# What another policy would change.

SHIFT_HEAD = ("ticket", "clock", "due now", "would be due", "")


def shift_row(shift: Shift, zone: ZoneInfo) -> tuple[str, ...]:
    """One line of what would change on open tickets."""
    remark = "would be broken" if shift.is_newly_breached else "would be kept" if shift.is_saved else ""
    return (f"#{shift.incident}", named(shift), _due(shift.before, zone), _due(shift.after, zone), remark)


def named(shift: Shift) -> str:
    return f"{shift.kind} {shift.round}" if shift.round > 1 else shift.kind.value


def _due(clock: Clock | None, zone: ZoneInfo) -> str:
    if clock is None:
        return "not promised"
    if clock.due is None:
        return f"{clock.state}, {duration(clock.left)} left"
    return show_moment(moment_of(clock.due), zone)


WOULD_HEAD = ("clock", "priority", "kept", "would have been", "points")


def would_row(would: Would) -> tuple[str, ...]:
    """One line of what would have been."""
    one, other = would.before.percent, would.after.percent
    points = f"{round(other - one, 1) + 0.0:+.1f}" if one is not None and other is not None else ""
    return (would.kind.value, would.priority, _kept(would.before), _kept(would.after), points)


def _kept(kept: Kept) -> str:
    if kept.percent is None:
        return "nothing promised"
    return f"{kept.percent:.1f} % of {kept.met + kept.missed:,}"


def shift_json(shift: Shift) -> dict[str, Any]:
    """What would change on an open ticket as data."""
    return {
        "incident": shift.incident,
        "clock": shift.kind.value,
        "round": shift.round,
        "before": _clock_json(shift.before),
        "after": _clock_json(shift.after),
        "newly_breached": shift.is_newly_breached,
        "saved": shift.is_saved,
    }


def _clock_json(clock: Clock | None) -> dict[str, Any] | None:
    if clock is None:
        return None
    due = None if clock.due is None else moment(moment_of(clock.due))
    return {"due": due, "budget": clock.budget, "left": clock.left, "state": clock.state.value}


def would_json(would: Would) -> dict[str, Any]:
    """What would have been as data."""
    return {
        "clock": would.kind.value,
        "priority": would.priority,
        "before": {"met": would.before.met, "missed": would.before.missed},
        "after": {"met": would.after.met, "missed": would.after.missed},
    }


def tried_lines(found: Tried, zone: ZoneInfo) -> Iterator[str]:
    """What a policy would change."""
    broken = found.newly_breached
    changed = plural(len(found.shifts), "clock")
    yield f"open tickets: {changed} would change, {plural(broken, 'promise')} would be broken"
    if found.shifts:
        yield from table([SHIFT_HEAD, *(shift_row(each, zone) for each in found.shifts)])
    yield ""
    yield f"last quarter, {quarter(found.since, found.until, zone)}: what would have been"
    if found.would:
        yield from table([WOULD_HEAD, *map(would_row, found.would)])
    else:
        yield "no promise ended then, and none would have"


def tried_json(name: str, found: Tried) -> dict[str, Any]:
    """What a policy would change as data."""
    return {
        "policy": name,
        "open": [shift_json(each) for each in found.shifts],
        "newly_breached": found.newly_breached,
        "since": moment(found.since),
        "until": moment(found.until),
        "history": [would_json(each) for each in found.would],
    }


# What is foreseen.

PREDICT_HEAD = ("ticket", "clock", "priority", "breach", "after", "left", "due", "title")

Foreseen = tuple["Ticket", "Clock", "Forecast | None"]


def predicted_row(found: Foreseen, zone: ZoneInfo) -> tuple[str, ...]:
    """One line of the list of clocks that run."""
    ticket, clock, forecast = found
    name = f"{clock.kind} {clock.round}" if clock.round > 1 else clock.kind.value
    due = show_moment(moment_of(clock.due), zone) if clock.due is not None else clock.state.value
    left = "none" if clock.left < 0 else duration(clock.left)
    return (
        f"#{ticket.incident.id}",
        name,
        clock.facts.priority,
        _chance(clock, forecast),
        f"{forecast.similar:,} similar" if forecast else "",
        left,
        due,
        ticket.incident.title,
    )


def _chance(clock: Clock, forecast: Forecast | None) -> str:
    if clock.is_breached:
        return "broken"
    return f"{forecast.permille / 10:.0f} %" if forecast else "not known"


def predicted_json(found: Foreseen) -> dict[str, Any]:
    """A clock that runs, with what is foreseen, as data."""
    ticket, clock, forecast = found
    return {
        "incident": ticket.incident.id,
        "clock": clock.kind.value,
        "round": clock.round,
        "priority": clock.facts.priority,
        "state": clock.state.value,
        "probability": forecast.permille / 1000 if forecast else None,
        "similar": forecast.similar if forecast else 0,
        "left": clock.left,
        "due": moment(moment_of(clock.due)) if clock.due is not None else None,
    }


def rate_lines(rate: HitRate) -> Iterator[str]:
    """How often predictions were right."""
    if rate.precision is None:
        yield "no prediction has been put to the test yet"
        return
    share = f"{100 * rate.precision:.0f} %"
    yield f"predicted to be broken: {rate.predicted:,}, came true: {share}, Brier score {rate.brier:.3f}"
    if rate.recall is not None:
        yield f"broken: {rate.breached:,}, had been predicted: {100 * rate.recall:.0f} %"


def rate_json(rate: HitRate) -> dict[str, Any]:
    """How often predictions were right, as data."""
    return {
        "predicted": rate.predicted,
        "hits": rate.hits,
        "breached": rate.breached,
        "precision": rate.precision,
        "recall": rate.recall,
        "brier": rate.brier,
    }


def quarter(since: datetime, until: datetime, zone: ZoneInfo) -> str:
    """`2026-07-01 to before 2026-10-01`."""
    return f"{since.astimezone(zone):%Y-%m-%d} to before {until.astimezone(zone):%Y-%m-%d}"


def likely_first(found: Iterable[Foreseen]) -> list[Foreseen]:
    """Broken ones, then the likeliest, then what nothing is known of; each in the order given."""
    return sorted(found, key=lambda each: (not each[1].is_breached, -(each[2].permille if each[2] else -1)))
