"""What Python and other people's libraries print by themselves would quote values; here it is caught."""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from lexops.crash.fault import describe, faults, name
from lexops.crash.keeping import keep, sentence
from lexops.crash.log import note


def guard() -> None:
    """Let nothing that fails in this process print values. To be called first thing in a program.

    First, because Typer keeps the hook that it finds when it is imported, and puts its own before it.
    """
    sys.excepthook = lambda _kind, error, _trace: _uncaught(error)
    threading.excepthook = lambda what: _uncaught(what.exc_value)
    sys.unraisablehook = lambda what: _unraisable(what.exc_value)
    warnings.showwarning = _warned
    logging.setLogRecordFactory(record)
    logging.getLogger("dbos").addHandler(logging.NullHandler())  # without one it makes one that prints
    logging.getLogger().addHandler(PrivateHandler())


def _uncaught(error: BaseException | None) -> None:
    if error is None or isinstance(error, SystemExit):
        return
    if isinstance(error, KeyboardInterrupt):
        _say("error: interrupted")
    else:
        _say(f"error: {sentence(keep(error))}")


def _unraisable(error: BaseException | None) -> None:
    # The program goes on, and the person could do nothing about it.
    if error is not None:
        keep(error)


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Stands in for `warnings.showwarning`, which shows the message and the line of source."""
    note(f"WARNING {name(category.__qualname__)} {name(Path(filename).name)}:{lineno}")


def record(
    logger: str,
    level: int,
    path: str,
    line: int,
    message: object,
    args: Any,
    error: Any = None,
    function: str | None = None,
    _stack: object = None,
    **_more: object,
) -> logging.LogRecord:
    """A log record, whoever handles it: others' text is left out; of an exception, type and places remain."""
    if not _is_ours(logger):
        message, args = "(text withheld)", ()
    if error and isinstance(error[1], BaseException):
        message = f"{message}\n{describe(faults(error[1]))}"
    return logging.LogRecord(logger, level, path, line, message, args, None, function)


class PrivateHandler(logging.Handler):
    """Writes warnings into the private log, and shows LexOps' own."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(Exception):
            text = record.getMessage()
            note(f"{record.levelname} {name(record.name)} {name(record.module)}:{record.lineno} {text}")
            if _is_ours(record.name):
                _say(text)


def _is_ours(logger: str) -> bool:
    return logger.partition(".")[0] == "lexops"


def _say(text: str) -> None:
    with suppress(AttributeError, OSError, ValueError):  # no standard error, or one that is closed
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
