"""One article, as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from lexops.tui.duty import ArticleView
from lexops.tui.ink import Ink, Line, Tone
from lexops.tui.places import IncidentPlace
from lexops.tui.presenters.knowledge import article_lines
from lexops.tui.screens.page import Page


class ArticleScreen(Page[ArticleView]):
    """What is known, and whether somebody has looked at it lately."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "r",
            "operate('article.review')",
            "still right",
            id="article.review",
            tooltip="You have read it through, and it is right",
        ),
        Binding(
            "X",
            "operate('article.retire')",
            "retire",
            show=False,
            id="article.retire",
            tooltip="It is not to be used any more",
        ),
        Binding("i", "incident", "incident", id="article.incident", tooltip="To the incident it comes from"),
    ]

    def __init__(self, name: str) -> None:
        super().__init__()
        self.article = name

    def read(self) -> ArticleView:
        return self.console.port.article(self.article)

    def lines(self, known: ArticleView, width: int) -> list[Line]:
        return article_lines(known, self.console.port.zone, width)

    def crumbs(self) -> Sequence[str]:
        return ("article", self.article)

    def state(self) -> Line:
        return (Ink("▲ stale", Tone.WARNING),) if self.known and self.known.stale else ()

    def subject(self) -> dict[str, object]:
        return {"name": self.article}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if self.why_not(action, parameters) else super().check_action(action, parameters)

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str:
        if action == "operate":
            return "" if self.console.offers(str(parameters[0])) else "it is not offered to you"
        if action == "incident":
            return "" if self.known and self.known.article.incident else "it comes from no incident"
        return super().why_not(action, parameters)

    def action_operate(self, name: str) -> None:
        self.console.operate(name, self.subject())

    async def action_incident(self) -> None:
        if self.known and (number := self.known.article.incident):
            await self.console.go(IncidentPlace(number))
