"""Drafts of updates: which text fits, and what stands for its variables. Pure.

A draft holds what may be told outside: since when, for how long, and what is affected in the words of the
site's file. It holds no title, no note, no client and nobody's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from string import Template
from zoneinfo import ZoneInfo

from lexops.clock import show_duration
from lexops.errors import ConfigError
from lexops.incidents.model import Entry, EntryKind, Incident
from lexops.text import clean, one_line

UNKNOWN = "one of our services"
"""What is affected, where the site's file does not describe it."""
UNWRITTEN = "[what is known and what is being done]"
UNPROMISED = "[when]"
NOT_YET = "[not yet]"
VARIABLES = ("affected", "incident", "lasted", "mitigated", "next", "resolved", "since", "site", "text")


def fitting(incident: Incident, entries: Sequence[Entry]) -> str:
    """The name of the text that fits how far an incident is."""
    if not incident.is_open:
        return "resolved"
    if mitigated(entries) is not None:
        return "mitigated"
    return "going-on" if any(entry.kind is EntryKind.UPDATED for entry in entries) else "first"


def mitigated(entries: Iterable[Entry]) -> datetime | None:
    """Since when an incident does no more harm; a re-opening takes that back."""
    found: datetime | None = None
    for entry in entries:
        if entry.kind is EntryKind.MITIGATED and found is None:
            found = entry.at
        elif entry.kind is EntryKind.REOPENED:
            found = None
    return found


def affected(targets: Iterable[str], descriptions: Mapping[str, str]) -> str:
    """What is hit, in the words of the site's file and not by the names of machines."""
    words = [one_line(descriptions.get(target, "")) or UNKNOWN for target in targets]
    return ", ".join(dict.fromkeys(words)) or UNKNOWN


def values(
    incident: Incident,
    entries: Sequence[Entry],
    hit: str,
    site: str,
    zone: ZoneInfo,
    now: datetime,
    text: str = UNWRITTEN,
    promised: datetime | None = None,
) -> dict[str, str]:
    """What stands for the variables; moments in the site's zone, to the minute."""
    end = incident.resolved or now
    eased = mitigated(entries)
    return {
        "affected": hit,
        "incident": str(incident.id),
        "lasted": lasted(end - incident.opened),
        "mitigated": minute(eased, zone) if eased else NOT_YET,
        "next": minute(promised, zone) if promised else UNPROMISED,
        "resolved": minute(incident.resolved, zone) if incident.resolved else NOT_YET,
        "since": minute(incident.opened, zone),
        "site": one_line(site),
        "text": clean(text).strip(),
    }


def minute(at: datetime, zone: ZoneInfo) -> str:
    """`2026-11-22 14:02 CET`: as people outside are told."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")


def unfilled(source: str, known: Mapping[str, str]) -> list[str]:
    """The variables of a text for which there is nothing yet."""
    used = Template(source).get_identifiers()
    return [name for name in used if known.get(name) in (UNWRITTEN, UNPROMISED, NOT_YET)]


def lasted(span: timedelta) -> str:
    """`12 min`, `3 h 05`, `9 d 4 h`."""
    if span < timedelta(days=1):
        return show_duration(span)
    hours = int(span.total_seconds()) % 86400 // 3600
    return f"{span.days} d {hours} h" if hours else f"{span.days} d"


def fill(where: str, source: str, known: Mapping[str, str]) -> str:
    """A text with its variables filled in; what stands for them is not read again.

    Raises ConfigError that names the text and what is wrong with it.
    """
    hint = f"there are: {', '.join(f'${name}' for name in sorted(known))}; $$ is a dollar sign"
    try:
        return Template(source).substitute(known).strip()
    except KeyError as error:
        raise ConfigError(f"{where}: there is no variable ${error.args[0]}", hint=hint) from None
    except ValueError:
        raise ConfigError(f"{where}: a $ with no name of a variable after it", hint=hint) from None
