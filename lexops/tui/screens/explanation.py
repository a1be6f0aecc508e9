"""How the clocks of one incident came about."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from lexops.incidents.model import Incident
from lexops.sla.view import Explanation, Told
from lexops.tui.ink import Line
from lexops.tui.places import ExplanationPlace, IncidentPlace
from lexops.tui.presenters.explanation import chosen, explanation_lines, state_words
from lexops.tui.screens.incident import IncidentScreen
from lexops.tui.screens.of_incident import CLOCKS, TAKING, OfIncident


class ExplanationScreen(OfIncident[Explanation]):
    """One clock in full; the others in a line each, and on a key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "next_clock", "next clock", id="explanation.next", tooltip="Explain the next clock"),
        Binding("o", "incident", "incident", id="explanation.incident", tooltip="To its incident"),
        *CLOCKS,
        *TAKING,
    ]

    def __init__(self, place: ExplanationPlace) -> None:
        super().__init__(place.incident)
        self.place = place

    @property
    def incident(self) -> Incident | None:
        return self.known.ticket.incident if self.known else None

    @property
    def told(self) -> Told | None:
        """The clock that is shown in full."""
        known = self.known
        return known.told[chosen(known, self.place)] if known and known.told else None

    def read(self) -> Explanation:
        return self.console.port.explanation(self.number)

    def lines(self, known: Explanation, width: int) -> list[Line]:
        number = chosen(known, self.place)
        return explanation_lines(known, number, self.console.now(), self.console.port.zone, width)

    def crumbs(self) -> tuple[str, ...]:
        return (f"#{self.number}", "explained")

    def state(self) -> Line:
        return state_words(self.told.clock, self.console.now()) if self.told else ()

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str:
        if action == "next_clock":
            return "" if self.known and len(self.known.told) > 1 else "there is no other clock"
        return super().why_not(action, parameters)

    def action_next_clock(self) -> None:
        known = self.known
        if known and known.told:
            clock = known.told[(chosen(known, self.place) + 1) % len(known.told)].clock
            self.place = ExplanationPlace(self.number, clock.kind, clock.round)
            self.tell()
            self.redraw()

    async def action_incident(self) -> None:
        below = self.app.screen_stack[-2]
        if isinstance(below, IncidentScreen) and below.number == self.number:
            await self.app.pop_screen()
        else:
            await self.console.go(IncidentPlace(self.number))
