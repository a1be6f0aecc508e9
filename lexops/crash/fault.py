"""What is known of a crash: types and places, no values."""

from __future__ import annotations

import re
import traceback
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

_MOST_FAULTS = 20
_OUTER_PLACES, _INNER_PLACES = 5, 45
_NAME = re.compile(r"[A-Za-z0-9_.<>]{1,200}")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of code that an exception passed."""

    module: str
    function: str
    line: int


@dataclass(frozen=True, slots=True)
class Fault:
    """An exception without its text: its type and where it passed, the innermost place last."""

    module: str
    type: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Crash:
    """The exception that ended it all, followed by what led to it."""

    id: str
    moment: datetime
    faults: tuple[Fault, ...]

    @property
    def reference(self) -> str:
        """What a person is told, and finds again in the log and on the server."""
        return reference_of(self.id)


def reference_of(id: str) -> str:
    """The short form of a crash's id (32 hexadecimal digits)."""
    return id[:8].upper()


def faults(error: BaseException) -> tuple[Fault, ...]:
    """An exception, the members of groups and what led to them; twenty at most."""
    found: dict[int, Fault] = {}
    waiting = deque([error])
    while waiting and len(found) < _MOST_FAULTS:
        each = waiting.popleft()
        if id(each) not in found:
            kind = type(each)
            found[id(each)] = Fault(name(kind.__module__), name(kind.__qualname__), _places(each))
            waiting += each.exceptions if isinstance(each, BaseExceptionGroup) else ()
            cause = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
            waiting += (cause,) if cause else ()
    return tuple(found.values())


def _places(error: BaseException) -> tuple[Place, ...]:
    passed = [
        Place(name(frame.f_globals.get("__name__")), name(frame.f_code.co_qualname), line or 0)
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    if len(passed) > _OUTER_PLACES + _INNER_PLACES:
        passed = passed[:_OUTER_PLACES] + passed[-_INNER_PLACES:]
    return tuple(passed)


def name(text: object) -> str:
    """A name from code; what does not look like one could be a value, and becomes a question mark."""
    return text if isinstance(text, str) and _NAME.fullmatch(text) else "?"


def describe(found: Sequence[Fault]) -> str:
    """Faults as lines, for people who read the log."""
    lines = []
    for number, fault in enumerate(found):
        lines.append(f"{'with ' if number else ''}{fault.module}.{fault.type}")
        lines += [f"  {place.module}:{place.line} in {place.function}" for place in fault.places]
    return "\n".join(lines)
