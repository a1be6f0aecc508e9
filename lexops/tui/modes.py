"""The numbered rooms, in one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual.binding import Binding
from textual.screen import Screen

from lexops.tui.screens.audit import AuditScreen
from lexops.tui.screens.health import HealthScreen
from lexops.tui.screens.incidents import IncidentsScreen
from lexops.tui.screens.overview import OverviewScreen
from lexops.tui.screens.sla import SlaScreen


@dataclass(frozen=True)
class Mode:
    """A numbered room."""

    key: str
    name: str
    title: str
    screen: Callable[[], Screen[None]]

    @property
    def binding(self) -> Binding:
        """The key that leads there."""
        return Binding(
            self.key,
            f"go_mode('{self.name}')",
            self.title,
            show=False,
            id=f"mode.{self.name}",
            tooltip=f"To {self.title}",
        )


ROOMS = (
    Mode("1", "overview", "Overview", OverviewScreen),
    Mode("2", "health", "Health", HealthScreen),
    Mode("3", "incidents", "Incidents", IncidentsScreen),
    Mode("9", "sla", "SLA", SlaScreen),
    Mode("0", "audit", "Audit", AuditScreen),
)
