"""A policy as somebody wants it: read, and checked against what there is. What passes can be escalated by."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TypeVar

from lexops.config import SiteFile
from lexops.errors import InvalidRequest, Refused
from lexops.escalation import notation
from lexops.escalation.choosing import Policies, chain
from lexops.escalation.model import FACTS, Fits, Policy, Who, WhoKind
from lexops.incidents.operations import CODE
from lexops.targets.model import Kind

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A policy as it is typed; None: the usual."""

    name: str
    steps: str
    repeat: int = 2
    remind: str | None = None
    release: str | None = None
    fallback: str | None = None
    then: str | None = None
    calendar: str | None = None
    priority: str | None = None
    client: str | None = None
    provider: str | None = None
    queue: str | None = None
    kind: str | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What there is, by name, and the policies."""

    operators: Collection[str]
    """Active ones."""
    rotas: Collection[str]
    audiences: Collection[str]
    calendars: Collection[str]
    policies: Policies


def drafted(wanted: Wanted, known: Known, file: SiteFile) -> Policy:
    """The policy that is wanted. Raises InvalidRequest or Refused with the reason."""
    if not _NAME.fullmatch(wanted.name):
        hint = "small letters, digits and dashes, at most 40"
        raise InvalidRequest(f"name: {wanted.name!r} is no name", hint=hint)
    policy = Policy(
        name=wanted.name,
        steps=_read("steps", notation.steps, wanted.steps),
        fits=_fits(wanted, file),
        calendar=wanted.calendar or "always",
        repeat=_repeat(wanted.repeat),
        remind=_seconds("remind", wanted.remind),
        release=_seconds("release", wanted.release),
        fallback=_read("fallback", notation.people, wanted.fallback or notation.NOBODY),
        then=wanted.then or "",
    )
    if policy.release and not policy.remind:
        raise InvalidRequest(
            "release: nobody loses an incident without being asked first", hint="name remind as well"
        )
    for step in policy.steps:
        _check_people("steps", step.tell, known, file)
    _check_people("fallback", policy.fallback, known, file)
    _check_calendar(policy, known)
    _check_chain(policy, known)
    _check_others(policy, known)
    return policy


def _read(name: str, read: Callable[[str], _Read], text: str) -> _Read:
    try:
        return read(text)
    except ValueError as error:
        raise InvalidRequest(f"{name}: {error}") from None


def _repeat(count: int) -> int:
    if not 0 <= count <= notation.MOST_REPEATS:
        raise InvalidRequest(f"repeat: {count} is not between 0 and {notation.MOST_REPEATS}")
    return count


def _seconds(name: str, text: str | None) -> int:
    if text is None or text.strip() == notation.NOBODY:
        return 0
    return _read(name, lambda typed: notation.seconds(typed, typed), text.strip())


def _fits(wanted: Wanted, file: SiteFile) -> Fits:
    for name in ("client", "queue"):
        value = getattr(wanted, name)
        if value and not re.fullmatch(CODE, value):
            raise InvalidRequest(f"{name}: {value!r} is no code", hint="letters, digits, . _ -, at most 40")
    if wanted.provider:
        _must("provider", wanted.provider, file.settings.providers)
    if wanted.target:
        _must("target", wanted.target, [*file.settings.targets, Kind.LEXOPS.value])
    return Fits(**{name: getattr(wanted, name) or "" for name in FACTS})


def _must(noun: str, name: str, there: Iterable[str], where: str = "") -> None:
    if name not in there:
        known = ", ".join(sorted(there)) or "none"
        raise InvalidRequest(f"{where or noun}: there is no {noun} {name!r}", hint=f"there are: {known}")


def _check_people(where: str, people: Iterable[Who], known: Known, file: SiteFile) -> None:
    there: dict[WhoKind, Collection[str]] = {
        WhoKind.OPERATOR: known.operators,
        WhoKind.ROTA: known.rotas,
        WhoKind.CHANNEL: file.settings.channels,
        WhoKind.AUDIENCE: known.audiences,
    }
    for who in people:
        if who.kind in there:
            _must(who.kind.value, who.name, there[who.kind], where)


def _check_calendar(policy: Policy, known: Known) -> None:
    _must("calendar", policy.calendar, known.calendars)


def _check_chain(policy: Policy, known: Known) -> None:
    """`then` leads to policies that there are, and never back."""
    if not policy.then:
        return
    if policy.then == policy.name:
        raise InvalidRequest(f"then: {policy.name} would go on with itself", hint="use repeat instead")
    going = {name: each for name, each in known.policies.items() if not each.value.is_ended}
    _must("policy", policy.then, going, "then")
    passed = chain(going, policy.then)
    if policy.name in passed or len(set(passed)) < len(passed):
        raise InvalidRequest(f"then: {' → '.join((policy.name, *passed))} never ends")


def _check_others(policy: Policy, known: Known) -> None:
    """No other policy may be for the same incidents: which of them counted would be chance."""
    for name, revision in known.policies.items():
        other = revision.value
        if name != policy.name and not other.is_ended and other.fits == policy.fits:
            raise Refused(
                f"the escalation policy {name} is for the same incidents: {fits_text(policy.fits)}",
                hint=f"change that one, or end it first: lexops escalation end {name}",
            )


def fits_text(fits: Fits) -> str:
    """The incidents that a policy is for, in words."""
    named = [f"{name} {getattr(fits, name)}" for name in FACTS if getattr(fits, name)]
    return ", ".join(named) or "every incident"
