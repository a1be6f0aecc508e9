"""Moments as people type them into an argument, in the site's zone."""

from __future__ import annotations

from datetime import datetime

from lexops.clock import parse_moment, show_moment
from lexops.errors import InvalidRequest
from lexops.operations.model import Act


def ahead(act: Act, name: str, text: str, since: datetime | None = None) -> datetime:
    """A moment; a duration is from now, or from `since`. Raises InvalidRequest."""
    begins = since or act.at
    try:
        return parse_moment(text, act.file.zone, lambda away: begins + away)
    except ValueError as error:
        raise InvalidRequest(f"{name}: {error}") from None


def past(act: Act, name: str, text: str | None) -> datetime:
    """A moment that is over; a duration is so long ago, and without one it is now. Raises InvalidRequest."""
    if not text:
        return act.at
    try:
        found = parse_moment(text, act.file.zone, lambda ago: act.at - ago)
    except ValueError as error:
        raise InvalidRequest(f"{name}: {error}") from None
    if found > act.at:
        raise InvalidRequest(f"{name}: {show_moment(found, act.file.zone)} is still to come")
    return found
