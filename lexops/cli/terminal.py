"""Asking the person at the terminal: on standard error, since standard output is data."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

import typer

from lexops.errors import InvalidRequest
from lexops.text import clean

LONGEST = 65_536
"""Characters of a file or of pasted lines that are read."""


def is_interactive() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def question(prompt: str) -> str:
    """What is answered, without blanks around it. Raises Abort when the terminal is closed."""
    sys.stderr.write(clean(prompt))
    sys.stderr.flush()
    line = sys.stdin.readline(LONGEST)
    if not line:
        raise typer.Abort
    return line.strip()


def hidden(prompt: str) -> str:
    """Like `question`, but what is typed is not seen."""
    try:
        return getpass.getpass(clean(prompt), stream=sys.stderr).strip()
    except EOFError:
        raise typer.Abort from None


def block(last: str) -> str:
    """Pasted lines up to the one that is `last`, or an empty one."""
    lines: list[str] = []
    while (line := question("")) and sum(map(len, lines)) < LONGEST:
        lines.append(line)
        if line == last:
            break
    return "\n".join(lines)


def read_file(path: Path) -> str:
    """The text of a small file, without blanks around it; `-` is standard input. Raises InvalidRequest."""
    try:
        if str(path) == "-":
            return sys.stdin.read(LONGEST).strip()
        with path.open(encoding="utf-8") as file:
            return file.read(LONGEST).strip()
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise InvalidRequest(f"{path} is no text") from None
