"""What the numbers of a report mean: the promises, hours and rules they rest on, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from lexops.calendars.builtin import ALWAYS_OPEN
from lexops.calendars.model import Calendar, Period, Revision
from lexops.calendars.notation import show_week
from lexops.sla import legal
from lexops.sla.model import Book, Change, ClockKind, Policy
from lexops.text import plural

Used = tuple[str, int, str, int]
"""Policy and calendar by which a clock was counted, each with its revision."""
Entered = TypeVar("Entered")

RULES = (
    "Response is the time to the first sign of a person, update the time from the client's word to our"
    " answer, resolution the time to the resolution. Times are counted in whole seconds of the opening hours"
    " that the policy names.",
    "Kept: fulfilled within the budget, to the second. Broken: from the first second beyond it, whether it"
    " was fulfilled later or not. Each promise counts once, in the month in which it was kept or broken.",
    "Not counted: promises that were open within their budget when the period ended, and cancelled tickets;"
    " their numbers are told.",
    "Response is never paused unless the policy says so. While a ticket waits for the client, and between a"
    " resolution and a re-opening, time does not count.",
    "Change: points more or less than in the month before. Median, 90 % and worst are times that were really"
    " taken (nearest rank). 95 % in is the Wilson score interval: what the share may be, given how few or"
    " many promises were counted.",
)


def lasted(seconds: int) -> str:
    """Open time for people, at most in hours, as days of work differ in length: `12 min`, `27 h 05`."""
    if seconds < 0:
        return f"-{lasted(-seconds)}"
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    return f"{seconds // 3600:,} h {seconds % 3600 // 60:02d}"


def exactly(seconds: int) -> str:
    """A budget as it was promised, nothing cut off: `15 min`, `4 h`, `1 h 30 min`."""
    parts = ((seconds // 3600, "h"), (seconds % 3600 // 60, "min"), (seconds % 60, "s"))
    return " ".join(f"{count:,} {unit}" for count, unit in parts if count) or "0 s"


def lines(book: Book, used: Iterable[Used], zone_data: str) -> list[str]:
    """Policies and calendars in the revisions that were used, the rules, and the time zone data."""
    known = sorted(set(used))
    policies = sorted({each[:2] for each in known if each[0] not in legal.jurisdictions()})
    laws = sorted({each[0] for each in known if each[0] in legal.jurisdictions()})
    calendars = sorted({each[2:] for each in known if each[0] not in legal.jurisdictions()})
    found = [
        _policy(name, number, _numbered(book.policies.get(name, ()), number)) for name, number in policies
    ]
    found += [_law(code) for code in laws]
    found += [
        _calendar(name, number, _numbered(book.calendars.get(name, ()), number)) for name, number in calendars
    ]
    return [*found, *RULES, f"Time zones: version {zone_data}."]


def warned(book: Book) -> dict[tuple[str, int], int]:
    """The lowest percentage at which each revision of a policy warns."""
    found = {
        (name, revision.number): min(revision.value.warnings, default=100)
        for name, revisions in book.policies.items()
        for revision in revisions
    }
    return found | {(code, 1): min(legal.WARNINGS) for code in legal.jurisdictions()}


def is_always_open(calendar: Calendar) -> bool:
    """Whether it is open every second, from its newest hours on."""
    return calendar.periods[-1].week == ALWAYS_OPEN.periods[0].week and not any(
        not day.hours for day in calendar.days.values()
    )


def _numbered(revisions: Sequence[Revision[Entered]], number: int) -> Revision[Entered] | None:
    return next((each for each in revisions if each.number == number), None)


def _policy(name: str, number: int, revision: Revision[Policy] | None) -> str:
    if revision is None:
        return f"Policy {name}, revision {number}: not known any more."
    policy = revision.value
    contract = f" ({policy.contract})" if policy.contract else ""
    promised = "; ".join(
        f"{priority} {', '.join(f'{kind} {exactly(budgets[kind])}' for kind in ClockKind if kind in budgets)}"
        for priority, budgets in sorted(policy.budgets.items())
    )
    return f"Policy {name}, revision {number}{contract}: {promised}. {' '.join(_manner(policy, revision))}"


def _manner(policy: Policy, revision: Revision[Policy]) -> Iterator[str]:
    yield f"Hours: calendar {policy.calendar}."
    waiting = [kind.value for kind in ClockKind if kind in policy.pausing]
    yield f"Waits with the client: {', '.join(waiting) or 'no clock'}."
    if policy.change is Change.RESTART:
        yield "A change of priority or client begins anew."
    if revision.correction:
        yield "A correction: it counts for what was finished before, too."


def _law(code: str) -> str:
    law = legal.jurisdictions()[code]
    within = exactly(law.seconds) if law.seconds else "no number"
    return f"Notice {code}, {law.law}: {within} from awareness to {law.recipient}, every second counts."


def _calendar(name: str, number: int, revision: Revision[Calendar] | None) -> str:
    if revision is None:
        return f"Calendar {name}, revision {number}: not known any more."
    calendar = revision.value
    hours = "; ".join(map(_hours, calendar.periods))
    differing = f"; but for {plural(len(calendar.days), 'day')}" if calendar.days else ""
    return f"Calendar {name}, revision {number}: {hours}{differing}."


def _hours(period: Period) -> str:
    since = f"from {period.since.isoformat()} on " if period.since else ""
    return f"{since}{show_week(period.week)} ({period.zone.key})"
