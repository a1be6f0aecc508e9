"""What messages may say: which values there are, and what of an incident may leave the firm. Pure.

A message holds facts only, and only those that may leave: it goes through networks and phones of others. A
title that a person or a mail wrote may name a client, so it becomes `incident #41` unless the site says
`[notify] titles = true`; what a check is called was declared by whoever wrote the check. Codes of clients
never go.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from lexops.clock import show_moment
from lexops.text import one_line

VARIABLES = {
    "incident": "its number",
    "priority": "P1 to P4",
    "severity": "WARNING, CRITICAL or UNKNOWN",
    "target": "what it is about, by its name in lexops.toml",
    "check": "what found it",
    "title": "what is wrong, as far as it may leave the firm",
    "state": "open, acknowledged, waiting, resolved, cancelled",
    "owner": "who has taken it",
    "client": "always empty: codes of clients do not leave the firm",
    "opened": "since when, in the site's zone",
    "why": "why this person is told: level 1, on call for dba",
    "level": "the rung of the escalation",
    "link": "the command that shows it, or its address",
    "clock": "which promise: response, update, resolution",
    "due": "when something is promised or expected, in the site's zone",
    "left": "how much time is left, in words",
    "by": "who did it",
    "text": "words that a person wrote to be sent",
    "audience": "to whom, of people outside",
    "next": "when they hear more",
    "starts": "when a maintenance begins",
    "ends": "when it ends",
    "site": "the name of the installation",
    "recipient": "to whom it goes",
    "reason": "why the message comes another way than usual",
    "headline": "of a message inside another one, its subject",
    "count": "how many messages are in a bundle",
}
"""The values that templates may name, with what they mean. What a message does not hold is empty."""

SUBJECT = "incident/"
"""Before the number of an incident, in the subject of messages about it."""
_DECLARED = ("check", "lexops")
"""Origins whose titles nobody typed."""
LONGEST = 300
"""Characters of one value; the words of a person may be longer."""


class Ticket(Protocol):
    """The facts of an incident that messages are made of; `lexops.incidents.model.Incident` has them."""

    @property
    def id(self) -> int: ...
    @property
    def title(self) -> str: ...
    @property
    def priority(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def target(self) -> str | None: ...
    @property
    def check(self) -> str | None: ...
    @property
    def owner(self) -> str | None: ...
    @property
    def opened(self) -> datetime: ...
    @property
    def origin(self) -> str: ...


def incident_values(
    incident: Ticket, *, zone: ZoneInfo, titles: bool, why: str = "", level: str = "", link: str = ""
) -> dict[str, str]:
    """The values of a message about an incident; `titles` is `[notify] titles`.

    `why` and `level` are words of ours about the telling, never of the incident. Without `link` it is the
    command that shows the incident. Further values (clock, due, by) are the caller's to add.
    """
    return {
        "incident": str(incident.id),
        "priority": str(incident.priority),
        "severity": str(incident.severity),
        "target": one_line(incident.target or "", LONGEST),
        "check": one_line(incident.check or "", LONGEST),
        "title": incident_title(incident, titles=titles),
        "state": str(incident.state),
        "owner": one_line(incident.owner or "", LONGEST),
        "client": "",
        "opened": show_moment(incident.opened, zone),
        "why": one_line(why, LONGEST),
        "level": one_line(level, LONGEST),
        "link": link or f"lexops incident show {incident.id}",
    }


def incident_title(incident: Ticket, *, titles: bool) -> str:
    """What an incident may be called outside: its title when a check declared it, or the site allows it."""
    if titles or str(incident.origin) in _DECLARED:
        return one_line(incident.title, LONGEST)
    return f"incident #{incident.id}"


def subject(incident: int) -> str:
    """The subject of messages about an incident: `incident/41`."""
    return f"{SUBJECT}{incident}"
