"""A policy as somebody wants it: read, and checked against what there is. What passes can be counted by."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from lexops.calendars.business import BusinessTime, NeverDue, seconds
from lexops.calendars.edit import YEARS
from lexops.calendars.model import Revision
from lexops.clock import parse_moment, show_moment
from lexops.config import SiteFile
from lexops.errors import InvalidRequest, Refused
from lexops.incidents.operations import CODE
from lexops.sla import notation
from lexops.sla.model import Book, Change, Facts, Policy
from lexops.text import one_line

LONGEST_CONTRACT = 120
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A policy as it is typed; None: the usual."""

    name: str
    calendar: str
    budgets: str
    priority: str | None = None
    client: str | None = None
    provider: str | None = None
    queue: str | None = None
    kind: str | None = None
    warnings: str | None = None
    pauses: str | None = None
    change: Change = Change.RETROACTIVE
    contract: str | None = None
    since: str | None = None
    until: str | None = None


def drafted(wanted: Wanted, book: Book, file: SiteFile, at: datetime, *, correction: bool = False) -> Policy:
    """The policy that is wanted. Raises InvalidRequest or Refused with the reason."""
    if not _NAME.fullmatch(wanted.name):
        hint = "small letters, digits and dashes, at most 40"
        raise InvalidRequest(f"name: {wanted.name!r} is no name", hint=hint)
    policy = Policy(
        name=wanted.name,
        calendar=wanted.calendar,
        budgets=_read("budgets", notation.budgets, wanted.budgets),
        fits=_fits(wanted, file),
        warnings=_read("warnings", notation.percents, wanted.warnings or "75,90"),
        pausing=_read("pauses", notation.pauses, wanted.pauses or "update,resolution"),
        change=wanted.change,
        contract=one_line(wanted.contract or "", LONGEST_CONTRACT),
        since=_moment("since", wanted.since, file, at),
        until=_moment("until", wanted.until, file, at),
    )
    _check_span(policy, file)
    _check_budgets(policy, book, at)
    _check_others(policy, book, file)
    before = book.policies.get(policy.name)
    if before and not correction:
        _check_before(policy, before[-1].value, file, at)
    return policy


def _read(name: str, read: Callable[[str], _Read], text: str) -> _Read:
    try:
        return read(text)
    except ValueError as error:
        raise InvalidRequest(f"{name}: {error}") from None


def _moment(name: str, text: str | None, file: SiteFile, at: datetime) -> datetime | None:
    if not text:
        return None
    found = _read(name, lambda typed: parse_moment(typed, file.zone, lambda span: at + span), text)
    return checked_year(name, found)


def checked_year(name: str, moment: datetime) -> datetime:
    """A moment for which calendars are known. Raises InvalidRequest."""
    if moment.year not in YEARS:
        raise InvalidRequest(f"{name}: {moment.year} is not between {YEARS[0]} and {YEARS[-1]}")
    return moment


def _fits(wanted: Wanted, file: SiteFile) -> Facts:
    for name in ("client", "queue"):
        value = getattr(wanted, name)
        if value and not re.fullmatch(CODE, value):
            raise InvalidRequest(f"{name}: {value!r} is no code", hint="letters, digits, . _ -, at most 40")
    providers = file.settings.providers
    if wanted.provider and wanted.provider not in providers:
        known = ", ".join(providers) or "none; declare one: [providers.NAME] in lexops.toml"
        raise InvalidRequest(
            f"provider: there is no provider {wanted.provider!r}", hint=f"there are: {known}"
        )
    return Facts(
        wanted.priority or "",
        wanted.client or "",
        wanted.provider or "",
        wanted.queue or "",
        wanted.kind or "",
    )


def _check_span(policy: Policy, file: SiteFile) -> None:
    if policy.since and policy.until and policy.until <= policy.since:
        since = show_moment(policy.since, file.zone)
        raise InvalidRequest(f"until: {show_moment(policy.until, file.zone)} is not after {since}")


def _check_budgets(policy: Policy, book: Book, at: datetime) -> None:
    """Every budget has to be one that tickets can have, and that its calendar can fulfil."""
    only = policy.fits.priority
    for priority in policy.budgets:
        if only and priority != only:
            raise InvalidRequest(
                f"budgets: {priority} never counts, since the policy is for {only} only",
                hint=f"leave {priority} out, or the priority",
            )
    if policy.calendar not in book.calendars:
        known = ", ".join(sorted(book.calendars))
        raise InvalidRequest(
            f"calendar: there is no calendar {policy.calendar!r}", hint=f"there are: {known}"
        )
    time, _ = book.time(policy.calendar, None)
    begins = seconds(max(at, policy.since or at))
    for priority, promised in policy.budgets.items():
        for kind, budget in promised.items():
            _check_budget(f"{priority} {kind}", time, begins, budget)


def _check_budget(what: str, time: BusinessTime, begins: int, budget: int) -> None:
    try:
        time.due(begins, budget)
    except NeverDue:
        raise InvalidRequest(
            f"budgets: {what} {notation.duration(budget)} is never due: {time.calendar.name} is not open for"
            " so long within ten years"
        ) from None


def _check_others(policy: Policy, book: Book, file: SiteFile) -> None:
    """No other policy may be for the same tickets at the same time: which of them counted would be chance."""
    for name, revisions in book.policies.items():
        other = revisions[-1].value
        if name != policy.name and other.fits == policy.fits and _overlap(policy, other):
            until = f" until {show_moment(other.until, file.zone)}" if other.until else ""
            raise Refused(
                f"the policy {name} is for the same tickets{until}",
                hint=f"change that one, or end it first: lexops sla policy end {name}",
            )


def _overlap(one: Policy, other: Policy) -> bool:
    return _before_end(one.since, other.until) and _before_end(other.since, one.until)


def _before_end(since: datetime | None, until: datetime | None) -> bool:
    return since is None or until is None or since < until


def _check_before(policy: Policy, before: Policy, file: SiteFile, at: datetime) -> None:
    """Tickets that run keep a promise: a revision replaces the one before for all of them."""
    if policy.since and (before.since is None or policy.since > before.since):
        when = show_moment(policy.since, file.zone)
        raise Refused(
            f"since: tickets opened before {when} would lose the promise of {policy.name}",
            hint=f"end {policy.name} then and set one of another name from then on; or leave since out",
        )
    if policy.until and policy.until < at and (before.until is None or policy.until < before.until):
        raise Refused(
            f"until: tickets opened since {show_moment(policy.until, file.zone)} would lose a promise",
            hint="end it from now on; or say that it had been wrong all along, with correction",
        )
    if policy.fits != before.fits:
        raise Refused(
            f"{policy.name} is for other tickets: {fits_text(before.fits)}",
            hint="set one of another name; or say that it had been wrong all along, with correction",
        )


def fits_text(fits: Facts) -> str:
    """The tickets that a policy is for, in words."""
    told = [f"{name} {value}" for name, value in fits_of(fits).items()]
    return ", ".join(told) or "every ticket"


def fits_of(fits: Facts) -> Mapping[str, str]:
    """What a ticket has to be, by the name of the fact."""
    names = ("priority", "client", "provider", "queue", "kind")
    return {name: getattr(fits, name) for name in names if getattr(fits, name)}


def revised(book: Book, policy: Policy, at: datetime, *, correction: bool) -> Book:
    """The book with a policy entered at a moment, as if it had been."""
    before = book.policies.get(policy.name, ())
    entered = Revision(policy, len(before) + 1, at, correction, "", "")
    return Book(book.calendars, {**book.policies, policy.name: [*before, entered]})
