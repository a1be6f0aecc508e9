"""All findings of one check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from textual import on
from textual.widget import Widget

from lexops.checks.model import Finding
from lexops.checks.view import CheckDetail
from lexops.text import plural
from lexops.tui.ink import Ink, Line, Tone
from lexops.tui.presenters.check import finding_columns, finding_lines
from lexops.tui.screens.room import Room
from lexops.tui.snapshot import Snapshot
from lexops.tui.widgets.panel import Panel
from lexops.tui.widgets.row_list import RowList


class FindingsScreen(Room):
    """The list, and the finding under the cursor in full below it."""

    CSS_PATH = "findings.tcss"

    def __init__(self, detail: CheckDetail) -> None:
        super().__init__()
        self._detail = detail

    def body(self) -> Iterable[Widget]:
        yield RowList[Finding](
            lambda finding: finding.key,
            haystack=lambda finding: f"{finding.text}\n{finding.key}\nis:{finding.status}",
            heading=True,
            id="findings",
        )
        yield Panel(id="finding")

    def crumbs(self) -> Sequence[str]:
        return (self._detail.row.target, self._detail.row.check, "findings")

    def state(self) -> Line:
        shown, total = len(self._list.rows), len(self._detail.findings)
        said = plural(total, "finding") if shown == total else f"{shown:,} of {plural(total, 'finding')}"
        return (Ink(said, Tone.QUIET),)

    @property
    def _list(self) -> RowList[Finding]:
        return self.query_one("#findings", RowList)

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        if not self._list.total:
            self._list.show(self._detail.findings, finding_columns())

    @on(RowList.Arranged)
    @on(RowList.Moved)
    def _show(self) -> None:
        self.tell()
        finding = self._list.current
        self.query_one("#finding", Panel).show(
            lambda width: finding_lines(finding, width) if finding is not None else ()
        )
