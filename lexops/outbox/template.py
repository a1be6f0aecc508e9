"""Texts of messages: a subject, one line for phones, a body; `$name` stands for a value.

    Subject: $priority #$incident: $title
    Short: $priority #$incident $title

    $title
    Owner:   $owner

A line whose values are all empty is left out. The syntax is that of string.Template: `$$` is a dollar sign.
Values are put in once and never read as a template, so nothing in them acts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Template

from lexops.outbox.facts import VARIABLES
from lexops.text import clean, one_line

NAMES = (
    "breach",
    "bundle",
    "last-resort",
    "maintenance",
    "mention",
    "page",
    "page-again",
    "released",
    "reminder",
    "resolved",
    "status",
    "taken",
    "test",
    "update",
    "warning",
    "watch",
)
"""The texts that are shipped; a site's own ones have the same names."""
ENDING = ".txt"
LONGEST = 50_000
"""Characters of a text, of a value in it, and of what becomes of it."""


class BadTemplate(ValueError):
    """A text cannot be used: what is wrong, and where."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What a text has become."""

    subject: str
    short: str
    """One line, for phones and pagers."""
    body: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text that can be filled."""

    subject: str
    short: str
    body: tuple[str, ...]
    """Its lines."""

    def fill(self, values: Mapping[str, str]) -> Filled:
        """The text with the values in it; what is missing is empty."""
        known = {name: clean(values.get(name, ""), LONGEST) for name in VARIABLES}
        subject, short = _filled(self.subject, known), _filled(self.short, known)
        return Filled(one_line(subject, 250), one_line(short, 480), self._joined(known))

    def _joined(self, values: Mapping[str, str]) -> str:
        """Without the lines that say nothing, and with one empty line where several would be left."""
        lines: list[str] = []
        for line in self.body:
            if not _is_empty(line, values) and (line or (lines and lines[-1])):
                lines.append(_filled(line, values).rstrip())
        return "\n".join(lines).strip()[:LONGEST]


def parse(text: str) -> Text:
    """The text that a file holds. Raises BadTemplate."""
    if len(text) > LONGEST:
        raise BadTemplate(f"longer than {LONGEST:,} characters")
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    subject = _headed(lines, 0, "Subject")
    short = _headed(lines, 1, "Short")
    if len(lines) > 2 and lines[2]:
        raise BadTemplate("line 3: has to be empty, the body follows it")
    for number, line in enumerate(lines, 1):
        _check(line, number)
    body = tuple(lines[3:])
    if not any(body):
        raise BadTemplate("there is no body: it follows the empty line 3")
    return Text(subject, short, body)


def _headed(lines: list[str], place: int, word: str) -> str:
    name, colon, rest = lines[place].partition(":") if place < len(lines) else ("", "", "")
    if name != word or not colon or not rest.strip():
        raise BadTemplate(f'line {place + 1}: has to begin with "{word}: " and say something')
    return rest.strip()


def _check(line: str, number: int) -> None:
    template = Template(line)
    if not template.is_valid():
        raise BadTemplate(f"line {number}: a $ has to be followed by a name; for a dollar sign write $$")
    for name in template.get_identifiers():
        if name not in VARIABLES:
            raise BadTemplate(
                f"line {number}: there is no ${name}; there are: {', '.join(sorted(VARIABLES))}"
            )


def _is_empty(line: str, values: Mapping[str, str]) -> bool:
    names = Template(line).get_identifiers()
    return bool(names) and not any(values[name] for name in names)


def _filled(line: str, values: Mapping[str, str]) -> str:
    return Template(line).substitute(values)


# Where the texts are.


@cache
def shipped(name: str) -> Text | None:
    """The text that LexOps brings along; None when it has none of that name."""
    if name not in NAMES:
        return None
    return parse((files(__package__) / "templates" / f"{name}{ENDING}").read_text(encoding="utf-8"))


def own(folder: Path, name: str) -> Text | None:
    """The site's own text; None when it has none. Raises BadTemplate."""
    if name not in NAMES:
        return None
    path = folder / f"{name}{ENDING}"
    try:
        return parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadTemplate(f"{path.name} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadTemplate(f"{path.name} is no UTF-8 text") from None
    except BadTemplate as error:
        raise BadTemplate(f"{path.name}, {error}") from None


def problems(folder: Path) -> Iterator[str]:
    """What is wrong with a site's own texts, one line each."""
    if not folder.is_dir():
        yield f"there is no folder {folder}"
        return
    for path in sorted(folder.glob(f"*{ENDING}")):
        if path.stem not in NAMES:
            yield f"{path.name}: no message has this name; there are: {', '.join(NAMES)}"
            continue
        try:
            own(folder, path.stem)
        except BadTemplate as error:
            yield str(error)
