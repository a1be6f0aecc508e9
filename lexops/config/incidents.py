"""When tickets open and close by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import (
    Field,
)

from lexops.config.base import Duration, Section


class IncidentSettings(Section):
    """When tickets open and close by themselves."""

    open_on: Literal["warning", "critical"] = Field(
        "warning", description="the least severity that opens one"
    )
    resolve_on_recovery: bool = True
    group: Duration = Field(
        timedelta(minutes=5),
        description="what breaks on the same target, what depends on it, or after the same change, within"
        " this time of the first, is listed under it; 0s: nothing is",
    )
    storm: int = Field(
        10, ge=2, le=1000, description="so many new incidents within that time are one storm, under the first"
    )
    reopen_within: Duration = Field(
        timedelta(minutes=30),
        description="what fails again so soon after it was resolved is the same incident; later it is a new"
        " one, linked to the old",
    )
    attachment_limit: int = Field(
        5_000_000, ge=0, le=100_000_000, description="bytes of one attachment; ten times that per incident"
    )
