"""What a caller may do, how many of them, and for how long: decisions without any I/O."""

from __future__ import annotations

import re
import threading
from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from lexops.config import ServeSettings

MINUTE = 60.0
WARNING = timedelta(seconds=60)
"""So long before its end a session is told of it."""
ADDRESSES = 4096
"""So many addresses are remembered with their unsuccessful calls."""

# Option and value of a command: nothing that a shell, a path or an escape sequence is made of.
_OPTION = re.compile(r"--[a-z][a-z0-9-]{0,39}(?:=[A-Za-z0-9][A-Za-z0-9._:@+-]{0,63})?")
_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@+-]{0,63}")
_LONGEST_COMMAND = 1024

_TERMINALS = ("alacritty", "ansi", "dumb", "foot", "konsole", "linux", "rxvt", "screen", "st", "tmux")
_OTHERS = ("vt100", "vt220", "vte", "wezterm", "xterm", "xterm-kitty")
_VARIANTS = ("", "-16color", "-256color", "-direct", "-unicode-256color")
_KNOWN = frozenset(name + variant for name in _TERMINALS + _OTHERS for variant in _VARIANTS)
_USUAL = "xterm-256color"
_WIDTH = (20, 500)
_HEIGHT = (5, 200)


@dataclass(frozen=True, slots=True)
class Size:
    """A terminal in character cells."""

    width: int
    height: int


class Verdict(Enum):
    """What is to become of a session now."""

    GO_ON = "goes on"
    WARN_IDLE = "will end soon, for nobody types"
    WARN_LONG = "will end soon, for it is long"
    IDLE = "nobody typed"
    LONG = "longest session"


def size(width: int, height: int) -> Size:
    """A size as asked for, within what a program can be drawn in; a client's numbers are any."""
    return Size(min(max(width, _WIDTH[0]), _WIDTH[1]), min(max(height, _HEIGHT[0]), _HEIGHT[1]))


def terminal_name(asked: str) -> str:
    """The TERM that a child gets: one of those known, otherwise the usual one."""
    return asked if asked in _KNOWN else _USUAL


def allowed_words(commands: Iterable[str], line: str) -> tuple[str, ...] | None:
    """The words of a command line when it is on the list, otherwise None.

    The first words have to be those of an entry, exactly; the rest are options and plain values. `--site` is
    nobody's to choose: another site's settings name programs to run.
    """
    if len(line) > _LONGEST_COMMAND or not line.isascii() or not line.isprintable():
        return None
    words = tuple(line.split(" "))
    for command in commands:
        verb = tuple(command.split(" "))
        if words[: len(verb)] == verb:
            rest = words[len(verb) :]
            return words if all(map(_is_plain, rest)) else None
    return None


def _is_plain(word: str) -> bool:
    if word.partition("=")[0] == "--site":
        return False
    return bool(_OPTION.fullmatch(word) or _VALUE.fullmatch(word))


def refusal(limits: ServeSettings, operators: Collection[str], operator: str) -> str | None:
    """Why `operator` may open no session beside those of `operators`; None when it may."""
    if sum(name == operator for name in operators) >= limits.sessions_per_operator:
        return f"{operator} has {limits.sessions_per_operator} sessions open already, and no more are allowed"
    if len(operators) >= limits.sessions:
        return f"{limits.sessions} sessions are open already, and no more are allowed"
    return None


def displaced(limits: ServeSettings, waiting: Mapping[int, str]) -> int | None:
    """Which waiting caller makes room for a new one: the oldest of the address that has most of them.

    `waiting` has the addresses by caller, the oldest first. Whoever logs in promptly is never displaced by
    callers that only hold on.
    """
    if len(waiting) < limits.waiting:
        return None
    busiest = Counter(waiting.values()).most_common(1)[0][0]
    return next(caller for caller, address in waiting.items() if address == busiest)


def verdict(limits: ServeSettings, opened: float, typed: float | None, now: float) -> Verdict:
    """What becomes of a session opened and last typed into then; without a terminal nobody types (None).

    All three are seconds of the same steady clock.
    """
    left_long = limits.longest.total_seconds() - (now - opened)
    left_idle = left_long + 1 if typed is None else limits.idle.total_seconds() - (now - typed)
    if left_long <= 0:
        return Verdict.LONG
    if left_idle <= 0:
        return Verdict.IDLE
    soon = WARNING.total_seconds()
    if left_long <= soon:
        return Verdict.WARN_LONG
    return Verdict.WARN_IDLE if left_idle <= soon else Verdict.GO_ON


class Callers:
    """Who called lately in vain, by address."""

    def __init__(self, attempts: int) -> None:
        self._attempts = attempts
        self._lock = threading.Lock()
        self._calls: dict[str, deque[float]] = {}

    def failed(self, address: str, now: float) -> bool:
        """Note a call without a login; gives whether it was one too many."""
        with self._lock:
            self._calls.setdefault(address, deque(maxlen=self._attempts)).append(now)
            if len(self._calls) > ADDRESSES:
                self._forget(now)
        return self.is_barred(address, now)

    def is_barred(self, address: str, now: float) -> bool:
        """Whether an address has called in vain too often within the last minute."""
        with self._lock:
            return sum(at > now - MINUTE for at in self._calls.get(address, ())) >= self._attempts

    def _forget(self, now: float) -> None:
        # Calls from ever more addresses push the oldest out: memory is bounded, whatever comes.
        recent = [(address, calls) for address, calls in self._calls.items() if calls[-1] > now - MINUTE]
        self._calls = dict(recent[-ADDRESSES // 2 :])
