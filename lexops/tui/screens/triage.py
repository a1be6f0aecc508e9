"""Triage of one failing check: why, since when, what changed before, what else fails, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType

from lexops.checks.triage import Triage
from lexops.checks.view import CheckDetail
from lexops.errors import LexOpsError
from lexops.tui.duty import Known
from lexops.tui.ink import Line
from lexops.tui.places import ArticlePlace, CheckPlace, IncidentPlace, TriagePlace
from lexops.tui.presenters.triage import triage_lines
from lexops.tui.screens.of_check import OfCheck


@dataclass(frozen=True, slots=True)
class Found:
    """What the page shows."""

    triage: Triage
    known: Known | str
    """Or why it could not be looked for."""


class TriageScreen(OfCheck[Found]):
    """Everything that helps with a failing check on one page, and the keys to act on it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "operate('check.run')", "run now", id="triage.run", tooltip="Look again now"),
        Binding(
            "a",
            "operate('check.acknowledge')",
            "acknowledge",
            id="triage.ack",
            tooltip="Take the problem in hand",
        ),
        Binding(
            "s",
            "operate('check.silence')",
            "silence",
            id="triage.silence",
            tooltip="Tell nobody for a while; it still counts and shows",
        ),
        Binding("l", "activity", "live", id="triage.activity", tooltip="What goes on in the database now"),
        Binding("t", "cause", "cause", id="triage.cause", tooltip="On to the triage of the likely cause"),
        Binding("i", "incident", "incident", id="triage.incident", tooltip="Go to its incident, or open one"),
        Binding("enter", "check", "check", id="triage.check", tooltip="To the page of the check"),
        Binding("b", "before", "before", id="triage.before", tooltip="To the incident most like it"),
        Binding("o", "article", "article", id="triage.article", tooltip="To the article that fits best"),
        Binding("m", "metric", "metric", show=False, id="triage.metric", tooltip="Plot the next metric"),
    ]

    @property
    def detail(self) -> CheckDetail | None:
        return self.known.triage.detail if self.known else None

    @property
    def helps(self) -> Known:
        """What is known that helps."""
        known = self.known.known if self.known else ""
        return known if isinstance(known, Known) else Known()

    def read(self) -> Found:
        port = self.console.port
        found = port.triage(self.target, self.check)
        try:
            return Found(found, port.known(self.target, self.check))
        except LexOpsError as error:
            # What cannot be searched must not hide what fails.
            return Found(found, str(error))

    def lines(self, known: Found, width: int) -> list[Line]:
        now, zone, height = self.console.now(), self.console.port.zone, self.size.height
        return triage_lines(known.triage, now, zone, width, height, self.metric, known.known)

    def crumbs(self) -> Sequence[str]:
        return (self.target, self.check, "triage")

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str:
        if action == "cause":
            return "" if self.known and self.known.triage.cause else "nothing else that fails explains it"
        if action == "before":
            return "" if self._nearest else "no similar incident is known"
        if action == "article":
            return "" if self.helps.articles else "no article fits"
        return super().why_not(action, parameters)

    async def action_cause(self) -> None:
        if self.known and (cause := self.known.triage.cause):
            await self.console.go(TriagePlace(cause.target, cause.check))

    async def action_check(self) -> None:
        await self.console.go(CheckPlace(self.target, self.check))

    @property
    def _nearest(self) -> int | None:
        """The incident most like it."""
        past = self.known.triage.past if self.known else ()
        if self.helps.similar:
            return int(self.helps.similar[0].id)
        return past[0].incident if past else None

    async def action_before(self) -> None:
        if number := self._nearest:
            await self.console.go(IncidentPlace(number))

    async def action_article(self) -> None:
        if self.helps.articles:
            await self.console.go(ArticlePlace(self.helps.articles[0].id))
