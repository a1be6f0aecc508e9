"""The notation of filters: `priority:P1,P2 owner:me -state:waiting target:billing-* slow sort:age`. Pure.

Words are blanks apart. `NAME:VALUE` asks for a fact; several values with commas mean any of them; `-` before
it turns it round. Every other word has to stand somewhere in number, title, target, check, client, queue or
owner; "two words" in quotes stand together. `sort:` says what comes first. Capital letters do not matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase

from lexops.clock import parse_duration
from lexops.errors import InvalidRequest
from lexops.incidents.model import Incident, Level, Origin, Priority, State

LONGEST = 500
ME, NOBODY = "me", "none"


class Sort(StrEnum):
    """What comes first."""

    BREACH = "breach"
    """What is overdue, then what is due next, then what nothing is promised for."""
    AGE = "age"
    """The oldest."""
    NEW = "new"
    PRIORITY = "priority"
    SEVERITY = "severity"
    CHANGED = "changed"
    """What something happened to last."""


@dataclass(frozen=True, slots=True)
class Line:
    """An incident with what a filter may ask about it."""

    incident: Incident
    due: datetime | None = None
    """When the next promise is broken, or was; None: none runs."""
    watchers: frozenset[str] = frozenset()
    environment: str = ""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and when."""

    name: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a filter; any of its values is enough."""

    name: str
    """Empty: a word that has to stand somewhere."""
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A filter as it was read."""

    terms: tuple[Term, ...] = ()
    sort: Sort | None = None

    def fits(self, line: Line, asker: Asker) -> bool:
        """Whether an incident is wanted."""
        return all(_fits(term, line, asker) != term.negated for term in self.terms)

    def chosen(self, lines: Iterable[Line], asker: Asker) -> list[Line]:
        """The wanted ones, sorted; in the order that they have where no sort was named."""
        found = [line for line in lines if self.fits(line, asker)]
        return sorted(found, key=_ORDERS[self.sort]) if self.sort else found

    @property
    def names_state(self) -> bool:
        """Whether it says which states are wanted; otherwise only open ones are meant."""
        return any(term.name == "state" and not term.negated for term in self.terms)


BUILT_IN: Mapping[str, str] = {
    "all": "sort:severity",
    "mine": "owner:me sort:breach",
    "watched": "watching:me sort:breach",
    "unowned": "owner:none sort:priority",
    "breaching": "due:2h sort:breach",
    "waiting": "state:waiting sort:breach",
}
"""Views that are there without being saved."""


# Reading.

_WORD = re.compile(r'(-?)(?:([A-Za-z]+):)?("[^"]*"|[^\s"]*)(?=\s|$)')
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_STATES = (*(state.value for state in State), "open", "taken", "over")
_CHOICES: Mapping[str, Sequence[str]] = {
    "priority": [each.value for each in Priority],
    "severity": ["WARNING", "CRITICAL", "UNKNOWN"],
    "state": list(dict.fromkeys(_STATES)),
    "impact": [*(each.value for each in Level), NOBODY],
    "urgency": [*(each.value for each in Level), NOBODY],
    "origin": [each.value for each in Origin],
}
"""What some facts can be."""
_PATTERNS = ("client", "provider", "queue", "owner", "target", "check", "environment", "watching")
"""Facts that are asked for by name, or with * and ?."""
_SPANS = ("age", "due", "quiet")
"""`age:2h` open so long at least, `due:30m` due within so long, `quiet:1d` nothing happened for so long."""
NAMES = (*_CHOICES, *_PATTERNS, *_SPANS, "parent", "sort")


def parse(text: str) -> Query:
    """A filter. Raises InvalidRequest that names the word and what is allowed."""
    if len(text) > LONGEST:
        raise InvalidRequest(f"filter: longer than {LONGEST} characters")
    terms, sort = list[Term](), None
    for found in _words(text):
        negated, name, value = bool(found[1]), (found[2] or "").lower(), found[3].strip('"')
        if name == "sort":
            sort = _sort(value)
        elif name or value:
            terms.append(_term(name, value, negated, found[0]))
    return Query(tuple(terms), sort)


def _words(text: str) -> list[re.Match[str]]:
    found, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        word = _WORD.match(text, at)
        if word is None or word.end() == at:
            raise InvalidRequest(f"filter: {text[at:]!r}: a quotation mark is not closed")
        found.append(word)
        at = word.end()
    return found


def _sort(value: str) -> Sort:
    if value.lower() not in tuple(Sort):
        raise InvalidRequest(f"filter: sort:{value} is no order", hint=f"there are: {', '.join(Sort)}")
    return Sort(value.lower())


def _term(name: str, value: str, negated: bool, word: str) -> Term:
    if not name:
        return Term("", (value.lower(),), negated)
    if name not in NAMES:
        hint = f'there are: {", ".join(NAMES)}; of words with a colon write "{word}"'
        raise InvalidRequest(f"filter: {name}: is no fact of an incident", hint=hint)
    values = tuple(part.strip().lower() for part in value.split(",") if part.strip())
    if not values:
        raise InvalidRequest(f"filter: {word} names nothing", hint=f"write {name}:VALUE, or {name}:ONE,OTHER")
    for each in values:
        _check(name, each, word)
    return Term(name, values, negated)


def _check(name: str, value: str, word: str) -> None:
    choices = _CHOICES.get(name)
    if choices is not None and value not in (choice.lower() for choice in choices):
        raise InvalidRequest(f"filter: {word}: {value} is no {name}", hint=f"there are: {', '.join(choices)}")
    if name in _SPANS:
        try:
            parse_duration(value)
        except (ValueError, OverflowError):
            raise InvalidRequest(
                f"filter: {word}: {value} is no duration", hint="write 30m, 2h or 3d"
            ) from None
    if name == "parent" and value not in (NOBODY, "any") and not value.removeprefix("#").isdecimal():
        raise InvalidRequest(
            f"filter: {word}: no incident", hint="write parent:12, parent:any or parent:none"
        )


def text(query: Query) -> str:
    """A filter as it could be typed; reading it again gives the same."""
    words = [_shown(term) for term in query.terms]
    return " ".join([*words, *([f"sort:{query.sort}"] if query.sort else [])])


def _shown(term: Term) -> str:
    value = ",".join(term.values)
    plain = re.fullmatch(r"[^\s\":]+", value) and (term.name or not value.startswith("-"))
    name = f"{term.name}:" if term.name else ""
    return f"{'-' if term.negated else ''}{name}{value if plain else chr(34) + value + chr(34)}"


MOST = 200
"""Incidents of one command."""


def numbers(words: Iterable[str]) -> list[int]:
    """`41 #43 44,46-48` as numbers of incidents, each once. Raises InvalidRequest."""
    found: dict[int, None] = {}
    for part in (part for word in words for part in word.split(",") if part):
        match = re.fullmatch(r"#?(\d{1,12})(?:-#?(\d{1,12}))?", part, re.ASCII)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first:
            raise InvalidRequest(f"{part!r} is no incident", hint="write 41, or 41,43-47")
        if last - first >= MOST or len(found) >= MOST:
            raise InvalidRequest(f"more than {MOST} incidents at once")
        found |= dict.fromkeys(range(first, last + 1))
    return list(found)


def check_name(name: str) -> str:
    """The name of a view that is to be saved. Raises InvalidRequest."""
    if not _NAME.fullmatch(name):
        hint = "small letters, digits and dashes, at most 40"
        raise InvalidRequest(f"name: {name!r} is no name of a view", hint=hint)
    if name in BUILT_IN:
        raise InvalidRequest(f"name: the view {name} is always there", hint="choose another name")
    return name


# Judging.


def _fits(term: Term, line: Line, asker: Asker) -> bool:
    if not term.name:
        return _stands_somewhere(term.values[0], line.incident)
    if term.name in _SPANS:
        return any(_in_span(term.name, parse_duration(value), line, asker) for value in term.values)
    return any(_ASKED[term.name](line, value, asker) for value in term.values)


def _stands_somewhere(word: str, incident: Incident) -> bool:
    facts = (incident.title, incident.target, incident.check, incident.client, incident.queue, incident.owner)
    return any(word in (fact or "").lower() for fact in (f"#{incident.id}", *facts))


def _in_span(name: str, span: timedelta, line: Line, asker: Asker) -> bool:
    if name == "due":
        return line.due is not None and line.due - asker.now <= span
    since = line.incident.opened if name == "age" else line.incident.changed
    return asker.now - since >= span


def _is(fact: Callable[[Incident], object]) -> Callable[[Line, str, Asker], bool]:
    return lambda line, value, _asker: str(fact(line.incident) or NOBODY).lower() == value


def _like(fact: Callable[[Line], str | None]) -> Callable[[Line, str, Asker], bool]:
    """By name or pattern; `none` asks for those that have none."""

    def like(line: Line, value: str, asker: Asker) -> bool:
        found = (fact(line) or "").lower()
        return not found if value == NOBODY else fnmatchcase(found, value)

    return like


def _owner(line: Line, value: str, asker: Asker) -> bool:
    found = line.incident.owner
    if value == NOBODY:
        return found is None
    return (
        (found or "").lower() == asker.name.lower()
        if value == ME
        else fnmatchcase((found or "").lower(), value)
    )


def _watching(line: Line, value: str, asker: Asker) -> bool:
    names = {name.lower() for name in line.watchers}
    if value == NOBODY:
        return not names
    wanted = asker.name.lower() if value == ME else value
    return any(fnmatchcase(name, wanted) for name in names)


def _state(line: Line, value: str, asker: Asker) -> bool:
    incident = line.incident
    if value == "taken":
        return incident.is_taken
    if value == "over":
        return not incident.is_open
    return incident.state.value == value


def _parent(line: Line, value: str, asker: Asker) -> bool:
    parent = line.incident.parent
    if value in (NOBODY, "any"):
        return (parent is None) == (value == NOBODY)
    return parent == int(value.removeprefix("#"))


_ASKED: Mapping[str, Callable[[Line, str, Asker], bool]] = {
    "priority": _is(lambda incident: incident.priority),
    "severity": _is(lambda incident: incident.severity.value),
    "state": _state,
    "impact": _is(lambda incident: incident.impact),
    "urgency": _is(lambda incident: incident.urgency),
    "origin": _is(lambda incident: incident.origin),
    "client": _like(lambda line: line.incident.client),
    "provider": _like(lambda line: line.incident.provider),
    "queue": _like(lambda line: line.incident.queue),
    "target": _like(lambda line: line.incident.target),
    "check": _like(lambda line: line.incident.check),
    "environment": _like(lambda line: line.environment),
    "owner": _owner,
    "watching": _watching,
    "parent": _parent,
}


# Sorting.


def _worst(line: Line) -> tuple[bool, int, str, float, int]:
    incident = line.incident
    over = not incident.is_open
    return (over, -incident.severity.rank, incident.priority.value, -incident.opened.timestamp(), incident.id)


_ORDERS: Mapping[Sort, Callable[[Line], tuple[object, ...]]] = {
    Sort.BREACH: lambda line: (line.due is None, line.due.timestamp() if line.due else 0.0, *_worst(line)),
    Sort.AGE: lambda line: (line.incident.opened, line.incident.id),
    Sort.NEW: lambda line: (-line.incident.opened.timestamp(), -line.incident.id),
    Sort.PRIORITY: lambda line: (line.incident.priority.value, *_worst(line)),
    Sort.SEVERITY: _worst,
    Sort.CHANGED: lambda line: (-line.incident.changed.timestamp(), -line.incident.id),
}
