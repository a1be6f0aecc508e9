"""What a policy promises, as people write it, and back. Pure.

P1 response 15m, resolution 4h; P2 response 1h, resolution 8h, update 4h
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise

from lexops.clock import parse_duration
from lexops.incidents.model import Priority
from lexops.sla.model import ClockKind

PROMISED = (ClockKind.RESPONSE, ClockKind.UPDATE, ClockKind.RESOLUTION)
"""What can be promised; what is due to authorities is the law's."""
NOTHING = "-"
"""Stands for none, where leaving something out means the usual."""
LONGEST = 10 * 366 * 86_400
"""Seconds; nothing is promised for longer, and no longer one could be counted."""
_PART = re.compile(r"([a-z]+)\s+(\S+)")

Budgets = dict[str, dict[ClockKind, int]]


def budgets(text: str) -> Budgets:
    """Open seconds by priority and clock. Raises ValueError that says what is wrong and how to mend it."""
    found: Budgets = {}
    for group in filter(None, map(str.strip, text.split(";"))):
        name, _, promises = group.partition(" ")
        priority = _priority(name)
        if priority in found:
            raise ValueError(f"{priority} is there twice; put all that is promised for it into one part")
        found[priority] = _promises(priority, promises)
    if not found:
        raise ValueError("nothing is promised; write for example P1 response 15m, resolution 4h")
    return dict(sorted(found.items()))


def _priority(word: str) -> str:
    if word.upper() not in Priority.__members__:
        raise ValueError(f"{word!r} is no priority; a part begins with {', '.join(Priority)}")
    return word.upper()


def _promises(priority: str, text: str) -> dict[ClockKind, int]:
    found: dict[ClockKind, int] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        match = _PART.fullmatch(part.lower())
        if match is None:
            raise ValueError(f"{priority}: {part!r} is no promise; write for example resolution 4h")
        kind = _kind(match[1])
        if kind in found:
            raise ValueError(f"{priority}: {kind} is promised twice")
        found[kind] = _seconds(f"{priority} {kind}", match[2])
    if not found:
        raise ValueError(f"{priority}: nothing is promised; write for example {priority} resolution 4h")
    return {kind: found[kind] for kind in PROMISED if kind in found}


def _kind(word: str) -> ClockKind:
    if word not in PROMISED:
        raise ValueError(f"{word!r} is no clock; there are {', '.join(PROMISED)}")
    return ClockKind(word)


def _seconds(what: str, text: str) -> int:
    if text.startswith("-"):
        raise ValueError(f"{what}: {text} is less than nothing")
    exact = parse_duration(text).total_seconds()
    if exact != int(exact):
        raise ValueError(f"{what}: {text} is no whole number of seconds")
    if exact == 0:
        raise ValueError(f"{what}: {text} can never be kept; leave {what.partition(' ')[2]} out instead")
    if exact > LONGEST:
        raise ValueError(f"{what}: {text} is longer than ten years")
    return int(exact)


def budgets_text(found: Mapping[str, Mapping[ClockKind, int]]) -> str:
    """Budgets as they are written; read again they are the same."""
    return "; ".join(
        f"{priority} "
        + ", ".join(f"{kind} {duration(promised[kind])}" for kind in PROMISED if kind in promised)
        for priority, promised in sorted(found.items())
    )


def duration(seconds: int) -> str:
    """Open seconds exactly: `40h`, `1h30m`, `1m30s`. In hours at most, since a day of open time is no day."""
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "m"), (rest, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


def percents(text: str) -> tuple[int, ...]:
    """Percentages at which is warned: `75,90`, or `-` for none. Raises ValueError."""
    if text.strip() == NOTHING:
        return ()
    try:
        found = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise ValueError(f"{text!r} is no list of percentages; write for example 75,90") from None
    for percent in found:
        if not 1 <= percent <= 99:
            raise ValueError(f"{percent} is not between 1 and 99; the breach at 100 is always told")
    if any(one >= other for one, other in pairwise(found)):
        raise ValueError(f"{text} does not rise; write the lower ones first")
    return found


def percents_text(found: Iterable[int]) -> str:
    """Percentages as they are written."""
    return ",".join(map(str, found)) or NOTHING


def pauses(text: str) -> frozenset[ClockKind]:
    """The clocks that wait: `update,resolution`, or `-` for none. Raises ValueError."""
    if text.strip() == NOTHING:
        return frozenset()
    return frozenset(_kind(part.strip().lower()) for part in text.split(","))


def pauses_text(found: Iterable[ClockKind]) -> str:
    """The clocks that wait as they are written."""
    known = frozenset(found)
    return ",".join(kind for kind in PROMISED if kind in known) or NOTHING
