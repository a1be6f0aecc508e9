"""Tickets in other systems as lines of text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from lexops.clock import show_moment, utc_text
from lexops.trackers.model import Link

HEAD = ("incident", "ticket", "state there", "compared", "what is wrong")
UNDECLARED = "no such tracker in lexops.toml: it is not looked at"


def link_row(link: Link, trackers: Collection[str], zone: ZoneInfo) -> tuple[str, ...]:
    """One line of the list."""
    compared = show_moment(link.synced, zone) if link.synced else "not yet"
    return (f"#{link.incident}", link.name, link.state or "-", compared, trouble(link, trackers) or "-")


def trouble(link: Link, trackers: Collection[str]) -> str:
    """Why a ticket is not in step; empty when it is, as far as is known."""
    if link.tracker not in trackers:
        return UNDECLARED
    again = f" ({link.failures} times)" if link.failures > 1 else ""
    return f"{link.error}{again}" if link.error else ""


def link_lines(link: Link, trackers: Collection[str], zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    """One link as names and values."""
    yield "ticket", link.name
    yield "address", link.url or "-"
    yield "state there", link.state or "-"
    yield "compared", show_moment(link.synced, zone) if link.synced else "not yet"
    yield "next", show_moment(link.due, zone) if link.due else "-"
    yield "what is wrong", trouble(link, trackers) or "nothing"


def link_json(link: Link, trackers: Collection[str]) -> dict[str, Any]:
    """One link as data."""
    return {
        "incident": link.incident,
        "tracker": link.tracker,
        "external": None if link.is_new else link.external,
        "url": link.url or None,
        "state": link.state or None,
        "compared": utc_text(link.synced) if link.synced else None,
        "due": utc_text(link.due) if link.due else None,
        "error": trouble(link, trackers) or None,
        "failures": link.failures,
    }
