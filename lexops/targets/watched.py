"""What the settings name of a host: the calls that ask for it, and what the answers say. Pure."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from shlex import quote

from lexops.config import HostSettings, LogSettings
from lexops.targets.certificate import certificate_of
from lexops.targets.model import Certificate, Files, Log, LogFile, LogMatch
from lexops.text import clean, one_line

Sections = Mapping[str, Sequence[str]]

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
_SEEN = re.compile(r"seen (\d{1,18}) (\d{1,18}) (\d{1,12}) (\d{1,12})", re.ASCII)
_FILE = re.compile(r"file (\d{1,20}) (\d{1,18}) (\d{1,18}) (\d{1,10})", re.ASCII)
_MATCH = re.compile(r"match (\d{1,3}) (\d{1,18})(?::(.*))?", re.ASCII)
_PRIVATE = re.compile(r"""'[^']*'|"[^"]*"|[^\s@]+@[^\s@]+|[\w.-]*\d[\w.-]*""")
"""What may tell of whom a line of a log speaks: quoted text, addresses, words with digits."""


def calls(settings: HostSettings) -> Iterator[str]:
    """Lines of shell that call the functions of `facts.sh`; nothing that stands in the settings is run."""
    if settings.units:
        yield _call("block 'unit states' systemctl show --no-pager -p ActiveState --", *settings.units)
    if settings.processes:
        yield "commands"
    for number, process in enumerate(settings.processes.values()):
        yield _call("running", str(number), process.match)
    for number, path in enumerate(settings.certificates):
        yield _call("certificates", str(number), path)
    for number, wanted in enumerate(settings.files.values()):
        yield _call("files", str(number), folder_of(wanted.path), wanted.path)
    for number, log in enumerate(settings.logs.values()):
        patterns = [pattern.match for pattern in log.patterns.values()]
        yield _call("log", str(number), log.path, "yes" if log.show else "no", *patterns)


def _call(function: str, *arguments: str) -> str:
    return " ".join([function, *map(quote, arguments)])


def folder_of(pattern: str) -> str:
    """The folder under which a path or pattern looks: up to the first part with a wildcard."""
    fixed = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
    return fixed.rpartition("/")[0] or "/"


def unit_states(settings: HostSettings, sections: Sections) -> dict[str, str] | None:
    """By unit as the settings name it: `active`, `failed`, `inactive`; None where there is no systemd."""
    if not settings.units or "unit states" not in sections:
        return None
    states = [line.partition("=")[2] for line in sections["unit states"] if line.startswith("ActiveState=")]
    return dict(zip(settings.units, map(clean, states), strict=False))


def running(settings: HostSettings, sections: Sections) -> Iterator[tuple[str, int | None]]:
    """How many processes there are of each kind; None for a pattern that the host's grep does not know."""
    for number, name in enumerate(settings.processes):
        answer = "".join(sections.get(f"running {number}", [])).strip()
        if answer == "broken":
            yield name, None
        elif re.fullmatch(r"\d{1,9}", answer, re.ASCII):
            yield name, int(answer)


def certificates(
    settings: HostSettings, sections: Sections
) -> Iterator[tuple[str, tuple[Certificate, ...] | None]]:
    """Those in each file; None for a file that cannot be read."""
    for number, path in enumerate(settings.certificates):
        lines = sections.get(f"certificates {number}", [])
        if "seen" not in lines:
            yield path, None
            continue
        found = map(_certificate, _PEM.findall("\n".join(lines)))
        yield path, tuple(certificate for certificate in found if certificate is not None)


def _certificate(body: str) -> Certificate | None:
    try:
        return certificate_of(b64decode(body))
    except ValueError:
        return None


def files(settings: HostSettings, sections: Sections, now: float) -> Iterator[tuple[str, Files]]:
    """The files of each name; those without an answer are left out."""
    for number, name in enumerate(settings.files):
        answer = (list(sections.get(f"files {number}", [])) or [""])[0]
        if answer == "absent":
            yield name, Files("absent")
        elif answer.startswith("denied "):
            yield name, Files("denied", folder=one_line(answer.removeprefix("denied ")))
        elif match := _SEEN.fullmatch(answer):
            count, size, oldest, newest = map(int, match.groups())
            ages = (max(0.0, now - oldest), max(0.0, now - newest)) if count else (None, None)
            yield name, Files("seen", count, size, *ages)


def logs(settings: HostSettings, sections: Sections) -> Iterator[tuple[str, Log]]:
    """What each log holds; those without an answer are left out."""
    for number, (name, log) in enumerate(settings.logs.items()):
        lines = sections.get(f"log {number}", [])
        if lines and lines[0] in ("absent", "denied"):
            yield name, Log("absent" if lines[0] == "absent" else "denied")
        elif lines:
            yield name, _log(log, lines)


def _log(log: LogSettings, lines: Sequence[str]) -> Log:
    names = list(log.patterns)
    found: list[tuple[LogFile, list[LogMatch]]] = []
    broken: set[str] = set()
    for line in lines:
        if head := _FILE.fullmatch(line):
            inode, start, end, beginning = map(int, head.groups())
            found.append((LogFile(inode, start, end, beginning), []))
        elif (match := _MATCH.fullmatch(line)) and found and int(match[1]) < len(names):
            text = masked(match[3]) if match[3] and log.show else ""
            file, matches = found[-1]
            at = file.start + int(match[2])
            matches.append(LogMatch(names[int(match[1])], at, text))
        elif line.startswith("broken ") and line[7:].isdigit() and int(line[7:]) < len(names):
            broken.add(names[int(line[7:])])
    files = tuple(replace(file, matches=tuple(matches)) for file, matches in found)
    return Log("seen", files, tuple(sorted(broken)))


def masked(line: str) -> str:
    """A line of a log without what may tell of whom it speaks."""
    return one_line(_PRIVATE.sub("…", line), 200)
