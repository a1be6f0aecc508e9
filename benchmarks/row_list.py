"""What a list of 100,000 rows × 6 columns costs on the screen.

Our RowList against Textual's own DataTable, each in the same app with the same style sheets, without a
terminal (120 × 40), and in a fresh process, given the same list of tuples that was there before. Usable is
when the widget knows its height, has been painted, and has moved its cursor for the first time. Then one
cell in sight is given another text (DataTable: `update_cell_at`; ours: the rows given anew with one
replaced, the copy included), and the cursor goes down by a page; each until the screen has been painted.
The way of a key to the widget is the same for both and left out. Memory is what the process has grown by
meanwhile (RSS). DataTable measures every cell of every row, which takes long, so it is run once, in the
middle of ours.
"""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import Any, ClassVar

import psutil
from textual.app import App, ComposeResult
from textual.coordinate import Coordinate
from textual.widget import Widget
from textual.widgets import DataTable

from benchmarks.figures import Report, Sample, Series, report
from benchmarks.measure import cpu_seconds
from lexops.tui.ink import Ink, Line
from lexops.tui.presenters.columns import Column
from lexops.tui.theme import THEMES
from lexops.tui.widgets.row_list import RowList

ROWS = 100_000
REPEATS = 5
"""How often the small acts are repeated in one process."""
LONGEST = 600.0
NAMES = ("target", "check", "status", "what", "since", "value")
WIDTHS = (14, 20, 9, 40, 8, 10)

WIDGETS = files("lexops.tui") / "widgets"

Row = tuple[str, ...]


def measure() -> Report:
    """Run both in processes of their own."""
    runs: dict[str, list[dict[str, list[Sample]]]] = {"RowList": [], "DataTable": []}
    for widget in ("RowList", "RowList", "DataTable", "RowList"):
        runs[widget].append(_child(widget))
    series = [each for widget, taken in runs.items() for each in _series(widget, taken)]
    pairs = [(f"DataTable, {act}", f"RowList, {act}") for act in ACTS]
    return report("list", f"{ROWS:,} rows x {len(NAMES)} columns", series, pairs)


def _child(widget: str) -> dict[str, list[Sample]]:
    done = subprocess.run(
        [sys.executable, "-m", __name__, widget], capture_output=True, text=True, timeout=LONGEST
    )
    if done.returncode:
        raise RuntimeError(f"{widget} failed: {done.stderr.strip()[-800:]}")
    return {act: [Sample(*each) for each in taken] for act, taken in json.loads(done.stdout).items()}


def _series(widget: str, runs: list[dict[str, list[Sample]]]) -> list[Series]:
    return [Series(f"{widget}, {act}", tuple(each for run in runs for each in run[act])) for act in ACTS]


# In the process of its own.


def make_rows(count: int = ROWS) -> list[Row]:
    """Rows like those of a list of results."""
    return [
        (
            f"billing-{n % 50}",
            f"postgresql.check_{n % 97}",
            ("OK", "WARNING", "CRITICAL")[n % 3],
            f"invoice {n} differs from its lines by {n % 100} cents",
            f"{n % 60} min",
            str(n),
        )
        for n in range(count)
    ]


class ListApp(App[None]):
    """Holds one list, with the console's colours."""

    CSS_PATH: ClassVar[list[str]] = [str(WIDGETS / f"{name}.tcss") for name in ("inked", "row_list")]  # type: ignore[assignment]

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.animation_level = "none"
        self.register_theme(THEMES["dark"])
        self.theme = THEMES["dark"].name
        self._widget = widget

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(THEMES["dark"].variables)

    def compose(self) -> ComposeResult:
        yield self._widget


@dataclass(frozen=True)
class Subject:
    """A list widget and how it is told things."""

    widget: Widget
    fill: Callable[[list[Row]], object]
    change: Callable[[int, str], object]
    """Give the fourth cell of a row another text."""
    down: Callable[[], object]
    page_down: Callable[[], object]
    cursor: Callable[[], int]


def row_list() -> Subject:
    made: RowList[Row] = RowList(lambda row: row[5], heading=True)
    columns = [
        Column[Row](name, partial(_cell, column), width)
        for column, (name, width) in enumerate(zip(NAMES, WIDTHS, strict=True))
    ]

    def change(index: int, text: str) -> None:
        rows = list(made.rows)
        rows[index] = (*rows[index][:3], text, *rows[index][4:])
        made.show(rows, columns)

    return Subject(
        made,
        lambda rows: made.show(rows, columns),
        change,
        lambda: made.action_move(1),
        lambda: made.action_page(1),
        lambda: made.cursor,
    )


def _cell(column: int, row: Row) -> Line:
    return (Ink(row[column]),)


def data_table() -> Subject:
    made: DataTable[str] = DataTable(cursor_type="row")

    def fill(rows: list[Row]) -> None:
        made.add_columns(*NAMES)
        made.add_rows(rows)

    def change(index: int, text: str) -> None:
        made.update_cell_at(Coordinate(index, 3), text)

    return Subject(
        made, fill, change, made.action_cursor_down, made.action_page_down, lambda: made.cursor_row
    )


SUBJECTS: dict[str, Callable[[], Subject]] = {"RowList": row_list, "DataTable": data_table}
USABLE, CELL, PAGE = "usable", "one cell changed", "page down"
ACTS = (USABLE, CELL, PAGE)


async def look_at(subject: Subject, rows: list[Row]) -> dict[str, list[Sample]]:
    """All acts on one widget, in an app without a terminal."""
    app = ListApp(subject.widget)
    async with app.run_test(size=(120, 40)):
        subject.widget.focus()
        await painted(app)
        taken = {USABLE: [await grown(lambda: made_usable(app, subject, rows))]}
        taken[CELL] = [await timed(lambda: cell_changed(app, subject)) for _ in range(REPEATS)]
        taken[PAGE] = [await timed(lambda: paged(app, subject)) for _ in range(REPEATS)]
    return taken


async def made_usable(app: ListApp, subject: Subject, rows: list[Row]) -> None:
    subject.fill(rows)
    while subject.widget.virtual_size.height < len(rows):
        await asyncio.sleep(0.001)
    await painted(app)
    subject.down()
    await painted(app)
    assert subject.cursor() == 1


async def cell_changed(app: ListApp, subject: Subject) -> None:
    subject.change(5, f"changed at {time.perf_counter()}")
    await painted(app)


async def paged(app: ListApp, subject: Subject) -> None:
    before = subject.cursor()
    subject.page_down()
    await painted(app)
    assert subject.cursor() > before


async def painted(app: ListApp) -> None:
    """Until what is asked for so far has been drawn."""
    done = asyncio.Event()
    app.screen.call_after_refresh(done.set)
    await done.wait()


async def timed(act: Callable[[], Awaitable[None]]) -> Sample:
    cpu, wall = cpu_seconds(), time.perf_counter()
    await act()
    return Sample(time.perf_counter() - wall, cpu_seconds() - cpu)


async def grown(act: Callable[[], Awaitable[None]]) -> Sample:
    """Like :func:`timed`, with the memory that the process has grown by."""
    process = psutil.Process()
    gc.collect()
    before = process.memory_info().rss
    sample = await timed(act)
    gc.collect()
    return Sample(sample.wall, sample.cpu, float(process.memory_info().rss - before))


def main(widget: str) -> None:
    """Measure one widget and write the samples as JSON."""
    taken: dict[str, Any] = {}
    for act, samples in asyncio.run(look_at(SUBJECTS[widget](), make_rows())).items():
        taken[act] = [(each.wall, each.cpu, each.memory) for each in samples]
    sys.stdout.write(json.dumps(taken))


if __name__ == "__main__":
    main(sys.argv[1])
