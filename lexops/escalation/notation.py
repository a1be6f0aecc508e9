"""Rungs of a policy as people write them, and back. Pure.

0m rota:dba; 10m rota:dba, operator:ana; 30m level management role:manager
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lexops.clock import parse_duration
from lexops.escalation.model import Step, Who, WhoKind
from lexops.operations import Role
from lexops.sla.notation import duration

NOBODY = "-"
"""Stands for none, where leaving something out means the usual."""
MOST_STEPS = 20
MOST_PEOPLE = 20
"""Whom one rung names."""
LONGEST = 31 * 86_400
"""Seconds between two rungs; what waits longer is no escalation."""
MOST_REPEATS = 20
"""A ladder ends: nobody is paged for ever."""
SAMPLE = "write for example: 0m rota:dba; 10m rota:dba, operator:ana; 30m level management role:manager"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,79}")
_LEVEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,29}")


def steps(text: str) -> tuple[Step, ...]:
    """The rungs that a text describes, the lowest first. Raises ValueError that says what is wrong."""
    found = tuple(_step(part) for part in filter(None, map(str.strip, text.split(";"))))
    if not found:
        raise ValueError(f"there are no steps; {SAMPLE}")
    if len(found) > MOST_STEPS:
        raise ValueError(f"{len(found)} steps are more than {MOST_STEPS}")
    return found


def _step(part: str) -> Step:
    delay, _, rest = part.partition(" ")
    after = seconds(part, delay)
    words = rest.split(None, 2)
    level = ""
    if words[:1] == ["level"]:
        level = words[1] if len(words) > 1 else ""
        if not _LEVEL.fullmatch(level):
            raise ValueError(f"{part!r}: a level is one word of letters, digits and dashes")
        rest = words[2] if len(words) > 2 else ""
    told = people(rest)
    if not told:
        raise ValueError(f"{part!r} tells nobody; {SAMPLE}")
    return Step(after, told, level)


def seconds(what: str, text: str) -> int:
    """A delay in whole seconds. Raises ValueError."""
    if text.startswith("-"):
        raise ValueError(f"{what!r}: {text} is less than nothing")
    try:
        exact = parse_duration(text).total_seconds()
    except ValueError as error:
        raise ValueError(f"{what!r}: {error}") from None
    if exact != int(exact):
        raise ValueError(f"{what!r}: {text} is no whole number of seconds")
    if exact > LONGEST:
        raise ValueError(f"{what!r}: {text} is longer than {LONGEST // 86_400} days")
    return int(exact)


def people(text: str) -> tuple[Who, ...]:
    """Whom a text names, by commas; `-` or nothing names nobody. Raises ValueError."""
    if text.strip() == NOBODY:
        return ()
    found = tuple(_who(word) for word in filter(None, map(str.strip, text.split(","))))
    if len(set(found)) < len(found):
        twice = next(each for each in found if found.count(each) > 1)
        raise ValueError(f"{twice} is there twice")
    if len(found) > MOST_PEOPLE:
        raise ValueError(f"{len(found)} are more than {MOST_PEOPLE}")
    return found


def _who(word: str) -> Who:
    kind, colon, name = word.partition(":")
    if kind not in tuple(WhoKind):
        raise ValueError(f"{word!r} is nobody; write {_kinds()}")
    if kind == WhoKind.OWNER:
        if colon:
            raise ValueError(f"{word!r}: the owner has no name yet; write owner")
        return Who(WhoKind.OWNER)
    if not _NAME.fullmatch(name):
        raise ValueError(f"{word!r}: {name!r} is no name; write {kind}:NAME")
    if kind == WhoKind.ROLE and name not in tuple(Role):
        raise ValueError(f"{word!r}: there is no role {name!r}; there are {', '.join(Role)}")
    return Who(WhoKind(kind), name)


def _kinds() -> str:
    named = (f"{kind}:NAME" for kind in WhoKind if kind is not WhoKind.OWNER)
    return f"{', '.join(named)} or owner"


def steps_text(found: Iterable[Step]) -> str:
    """Rungs as they are written; read again they are the same."""
    return "; ".join(
        " ".join(
            filter(None, (duration(each.after), each.level and f"level {each.level}", _named(each.tell)))
        )
        for each in found
    )


def people_text(found: Iterable[Who]) -> str:
    """Whom it names, as they are written; `-` for nobody."""
    return _named(found) or NOBODY


def _named(found: Iterable[Who]) -> str:
    return ", ".join(map(str, found))
