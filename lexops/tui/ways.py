"""Every room that is shown above a mode, by the place that it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lexops.tui.places import (
    ActivityPlace,
    ArticlePlace,
    AttainmentPlace,
    CheckPlace,
    EntryPlace,
    ExplanationPlace,
    IncidentPlace,
    MessagePlace,
    MonthPlace,
    ObjectivesPlace,
    OnCallPlace,
    OutboxPlace,
    Place,
    RequestPlace,
    RequestsPlace,
    TreePlace,
    TriagePlace,
    WorkPlace,
)
from lexops.tui.screens.activity import ActivityScreen
from lexops.tui.screens.article import ArticleScreen
from lexops.tui.screens.check import CheckScreen
from lexops.tui.screens.entry import EntryScreen
from lexops.tui.screens.explanation import ExplanationScreen
from lexops.tui.screens.incident import IncidentScreen
from lexops.tui.screens.message import MessageScreen
from lexops.tui.screens.oncall import OnCallScreen
from lexops.tui.screens.outbox import OutboxScreen
from lexops.tui.screens.request import RequestScreen
from lexops.tui.screens.requests import RequestsScreen
from lexops.tui.screens.room import Room
from lexops.tui.screens.sla_budgets import BudgetsScreen
from lexops.tui.screens.sla_month import MonthScreen
from lexops.tui.screens.sla_trend import AttainmentScreen
from lexops.tui.screens.tree import TreeScreen
from lexops.tui.screens.triage import TriageScreen
from lexops.tui.screens.work import WorkScreen

ROOMS: Mapping[type[Place], Callable[[Any], Room]] = {
    ActivityPlace: lambda place: ActivityScreen(place.target),
    ArticlePlace: lambda place: ArticleScreen(place.name),
    AttainmentPlace: lambda _: AttainmentScreen(),
    CheckPlace: lambda place: CheckScreen(place.target, place.check),
    EntryPlace: lambda place: EntryScreen(place.id),
    ExplanationPlace: ExplanationScreen,
    IncidentPlace: lambda place: IncidentScreen(place.id),
    MessagePlace: lambda place: MessageScreen(place.id),
    MonthPlace: lambda place: MonthScreen(place.month),
    ObjectivesPlace: lambda _: BudgetsScreen(),
    OnCallPlace: lambda _: OnCallScreen(),
    OutboxPlace: lambda _: OutboxScreen(),
    RequestPlace: lambda place: RequestScreen(place.number),
    RequestsPlace: lambda _: RequestsScreen(),
    TreePlace: lambda _: TreeScreen(),
    TriagePlace: lambda place: TriageScreen(place.target, place.check),
    WorkPlace: lambda _: WorkScreen(),
}


def room_of(place: Place) -> Room:
    """The room that shows a place. Raises KeyError for a mode, and for a target, which a mode shows."""
    return ROOMS[type(place)](place)
