"""What the services may still fail: the objectives of the site and their budgets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from lexops.checks.view import ObjectiveView
from lexops.tui.ink import Ink, Line, Tone
from lexops.tui.presenters import objectives
from lexops.tui.screens.sla_view import VIEWS, SeldomRead
from lexops.tui.widgets.panel import Panel
from lexops.tui.widgets.row_list import RowList


class BudgetsScreen(SeldomRead[Sequence[ObjectiveView]]):
    """The list, and the objective under the cursor in full below it."""

    CSS_PATH: ClassVar[list[str]] = ["room.tcss", "sla.tcss"]  # type: ignore[assignment]
    view = "budgets"
    ages = True  # a service that stays as it is goes on spending, or its window goes on
    BINDINGS: ClassVar[list[BindingType]] = [*VIEWS]

    def content(self) -> Iterable[Widget]:
        yield RowList[ObjectiveView](
            lambda row: row.name,
            haystack=objectives.haystack,
            heading=True,
            nothing="no objectives; add some to lexops.toml: [objectives.NAME]",
            id="objectives",
        )
        yield Panel(id="objective")

    @property
    def _list(self) -> RowList[ObjectiveView]:
        return self.query_one("#objectives", RowList)

    def read(self) -> Sequence[ObjectiveView]:
        return tuple(self.console.port.objectives())

    def show(self) -> None:
        if self.known is None:
            self._list.forget()
        else:
            self._list.show(self.known, objectives.columns(self.known))
        self._describe()

    @on(RowList.Moved)
    @on(RowList.Arranged)
    def _describe(self) -> None:
        row = self._list.current
        selected = self.query_one("#objective", Panel)
        if self.known is None:
            selected.show(lambda width: objectives.reading())
        else:
            selected.show(lambda width: objectives.objective_lines(row, width))

    def crumbs(self) -> Sequence[str]:
        return ("budgets",)

    def state(self) -> Line:
        return (Ink(objectives.counted(self.known), Tone.QUIET),) if self.known else ()
