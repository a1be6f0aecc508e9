"""What was promised, by us and to us."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from pydantic import (
    Field,
    field_validator,
)

from lexops.config.base import Duration, Section


class ProviderSettings(Section):
    """Somebody outside who has promised something: a host, a vendor, a support firm."""

    title: str = Field(min_length=1, max_length=80, description="its name, as on the contract")
    contract: str = Field("", max_length=120, description="number or place of the contract")
    scope: str = Field("", max_length=200, description="what it has promised to do, in a few words")
    experience: str = Field("", max_length=200, description="what it has proven: certificates, references")
    calendar: str = Field("always", description="the calendar of its hours; see: lexops sla calendar list")
    ends: date | None = Field(None, description="when the contract ends")
    operators: list[str] = Field(default_factory=list, description="its people who are operators here")


class ObjectiveSettings(Section):
    """A service level objective: how much of the time a service has to be available."""

    title: str = Field("", max_length=80)
    targets: list[str] = Field(
        min_length=1, description="the service is down while a check of one of these is"
    )
    checks: list[str] = Field(
        default_factory=list, description="checks that count; absent: the availability check of each target"
    )
    objective: float = Field(gt=0, lt=100, description="percent of the time, for example 99.9")
    window: Duration = Field(timedelta(days=30), description="over how long, rolling")
    client: str = Field("", max_length=40, description="to whom it was promised; empty: to everybody")


class SlaSettings(Section):
    """Reports about promises."""

    reports: Path = Field(
        Path("reports"), description="private folder into which sla.deliver writes; made where it is missing"
    )

    @field_validator("reports")
    @classmethod
    def _leads_nowhere_else(cls, path: Path) -> Path:
        if ".." in path.parts:
            raise ValueError("a folder beside this file, or an absolute path; no ..")
        return path
