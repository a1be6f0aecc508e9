"""One error tree. An error is one line that says what and where; its hint says how to mend it."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a command's exit code means; an API, so numbers never change."""

    OK = 0
    PROBLEMS = 1
    USAGE = 2
    UNREACHABLE = 3
    REFUSED = 4
    INTERRUPTED = 130


class LexOpsError(Exception):
    """LexOps could not do what was asked."""

    exit = Exit.USAGE
    hint = ""

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(message or (self.__doc__ or "").strip())
        self.hint = hint or type(self).hint


class ConfigError(LexOpsError):
    """The site's settings cannot be used."""


class NotFound(LexOpsError):
    """There is no such thing on this site."""


class InvalidRequest(LexOpsError):
    """The arguments do not fit the operation."""


class Unreachable(LexOpsError):
    """A target could not be reached."""

    exit = Exit.UNREACHABLE


class TimedOut(Unreachable):
    """A target did not answer in time."""


class Locked(TimedOut):
    """Somebody has locked what was to be read, for longer than a look may wait."""


class Denied(LexOpsError):
    """A target refused to show something."""

    exit = Exit.UNREACHABLE


class QueryFailed(LexOpsError):
    """A target could not run a query."""

    exit = Exit.UNREACHABLE


class Damaged(QueryFailed):
    """A database, or a part of it, is damaged."""


class StoreError(LexOpsError):
    """LexOps' own database cannot be used."""

    exit = Exit.UNREACHABLE


class WorkerError(LexOpsError):
    """No worker answered."""

    exit = Exit.UNREACHABLE
    hint = "Start one with: lexops worker"


class Refused(LexOpsError):
    """The act is not allowed as things stand."""

    exit = Exit.REFUSED
