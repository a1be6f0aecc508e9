"""A list of any length: only the lines in sight are ever drawn."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from rich.segment import Segment
from textual import events, work
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from lexops.tui.ink import EMPTY, Ink, Line, Tone, plain
from lexops.tui.presenters.columns import Column, heading_line, place, row_line
from lexops.tui.presenters.search import arrange
from lexops.tui.widgets.inked import Inked

R = TypeVar("R")

SMALL = 3_000
"""Rows that are sorted and filtered at once; more of them in a thread."""
CURSOR = "▸ "
MARGIN = "  "


class RowList(Inked, ScrollView, Generic[R], can_focus=True):
    """Rows in columns with a cursor.

    When the rows are replaced the cursor stays on the row with the same key and that row stays on
    the same line of the screen. Only lines that changed are painted again.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"row-list--cursor", "row-list--heading"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "open", id="list.open", tooltip="Open the row under the cursor"),
        Binding("up,k", "move(-1)", "up", show=False, id="list.up", tooltip="One row up"),
        Binding("down,j", "move(1)", "down", show=False, id="list.down", tooltip="One row down"),
        Binding("pageup", "page(-1)", "page up", show=False, id="list.pageup", tooltip="One page up"),
        Binding("pagedown", "page(1)", "page down", show=False, id="list.pagedown", tooltip="One page down"),
        Binding("home,g", "edge(0)", "first", show=False, id="list.first", tooltip="To the first row"),
        Binding("end,G", "edge(1)", "last", show=False, id="list.last", tooltip="To the last row"),
    ]

    @dataclass
    class Selected(Message):
        """A row was opened."""

        list: RowList[Any]
        key: Hashable

        @property
        def control(self) -> RowList[Any]:
            return self.list

    @dataclass
    class Moved(Message):
        """The cursor is on another row; only the newest of these matters."""

        list: RowList[Any]
        key: Hashable

        @property
        def control(self) -> RowList[Any]:
            return self.list

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, RowList.Moved) and message.list is self.list

    @dataclass
    class Arranged(Message):
        """The rows in sight are others: replaced, sorted or filtered."""

        list: RowList[Any]

        @property
        def control(self) -> RowList[Any]:
            return self.list

    @dataclass
    class _Ready(Message):
        """A thread has sorted and filtered."""

        turn: int
        rows: Sequence[Any]

    def __init__(
        self,
        key: Callable[[R], Hashable],
        *,
        haystack: Callable[[R], str] = str,
        heading: bool = False,
        nothing: str = "",
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._key = key
        self._haystack = haystack
        self._head = 1 if heading else 0
        self.nothing = nothing
        """What is said when there is no row."""
        self.known = False
        """Whether rows were ever shown: before that, nobody knows that there is none."""
        self._all: Sequence[R] = ()
        self._order: Callable[[R], object] | None = None
        self._needle = ""
        self._columns: Sequence[Column[R]] = ()
        self._turn = 0
        self._drawn: dict[int, tuple[Line, bool]] = {}
        self._lines: LRUCache[tuple[int, int, int], Line] = LRUCache(1024)
        self._strips: LRUCache[tuple[Line, bool, int], Strip] = LRUCache(1024)
        self.rows: Sequence[R] = ()
        """The rows in sight of the filter, in order."""
        self.cursor = 0
        self.mark = False
        """Show the cursor even while something else has the focus."""

    # What is shown

    def show(
        self, rows: Sequence[R], columns: Sequence[Column[R]], order: Callable[[R], object] | None = None
    ) -> None:
        """Replace the rows, their columns and their order."""
        self._all, self._columns, self._order = rows, columns, order
        self._arrange()

    def forget(self) -> None:
        """Show no rows, because it is not known which."""
        self.show((), ())
        self.known = False
        self._repaint()

    def filter(self, needle: str) -> None:
        """Show only the rows that match."""
        if needle != self._needle:
            self._needle = needle
            self._arrange()

    @property
    def total(self) -> int:
        """How many rows there are without the filter."""
        return len(self._all)

    @property
    def current(self) -> R | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    @property
    def current_key(self) -> Hashable:
        """The key of the row under the cursor; None in an empty list."""
        row = self.current
        return None if row is None else self._key(row)

    def _arrange(self) -> None:
        self._turn += 1
        if len(self._all) <= SMALL or not (self._needle.strip() or self._order):
            self._replace(arrange(self._all, self._needle, self._haystack, self._order))
        else:
            self._arrange_aside(self._turn, self._all, self._needle, self._order)

    @work(thread=True, exclusive=True, group="arrange", exit_on_error=False)
    def _arrange_aside(
        self, turn: int, rows: Sequence[R], needle: str, order: Callable[[R], object] | None
    ) -> None:
        arranged = arrange(rows, needle, self._haystack, order)
        self.post_message(self._Ready(turn, arranged))

    def on_row_list__ready(self, message: RowList._Ready) -> None:
        message.stop()
        if message.turn == self._turn:
            self._replace(message.rows)

    def _replace(self, rows: Sequence[R]) -> None:
        before_key, before_cursor = self.current_key, self.cursor
        self.known, self.rows = True, rows
        self._lines.clear()
        cursor = self._find(before_key, before_cursor)
        self.cursor = cursor
        height = len(rows) + self._head
        if self.virtual_size.height != height:
            self.virtual_size = Size(0, height)
            if self.styles.is_auto_height:
                self.refresh(layout=True)
        top = round(self.scroll_y)
        # A list that shows its beginning goes on showing it, so that what is new and worse is seen.
        if top:
            self._scroll(top + cursor - before_cursor)
        if self.current_key != before_key:
            self.post_message(self.Moved(self, self.current_key))
        self.post_message(self.Arranged(self))
        self._repaint()

    def _find(self, key: Hashable, at: int) -> int:
        rows = self.rows
        if key is not None:
            if at < len(rows) and self._key(rows[at]) == key:
                return at
            for index, row in enumerate(rows):
                if self._key(row) == key:
                    return index
        return max(0, min(at, len(rows) - 1))

    def _repaint(self) -> None:
        """Ask for the lines that differ from what the terminal shows."""
        width = self.size.width
        for y in range(self.size.height):
            if self._drawn.get(y) != self._state(y):
                self.refresh(Region(0, y, width, 1))

    # Moving

    def action_select(self) -> None:
        if self.current is not None:
            self.post_message(self.Selected(self, self.current_key))

    def action_move(self, step: int) -> None:
        self.move_to(self.cursor + step)

    def action_page(self, step: int) -> None:
        self.move_to(self.cursor + step * max(1, self.size.height - self._head - 1))

    def action_edge(self, last: int) -> None:
        self.move_to(len(self.rows) - 1 if last else 0)

    def move_to(self, index: int) -> None:
        """Put the cursor on a row and bring it into sight."""
        index = max(0, min(index, len(self.rows) - 1))
        moved = index != self.cursor
        self.cursor = index
        page = max(1, self.size.height - self._head)
        top = round(self.scroll_y)
        if index < top:
            self._scroll(index)
        elif index >= top + page:
            self._scroll(index - page + 1)
        if moved:
            self.post_message(self.Moved(self, self.current_key))
        self._repaint()

    def _scroll(self, top: int) -> None:
        self.scroll_to(y=max(0, top), animate=False, immediate=True, force=True)

    def on_click(self, event: events.Click) -> None:
        index = event.y - self._head + round(self.scroll_y)
        if event.y < self._head or index >= len(self.rows):
            return
        self.move_to(index)
        if event.chain == 2:
            self.action_select()

    def on_focus(self) -> None:
        self._repaint()

    def on_blur(self) -> None:
        self._repaint()

    # Drawing

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(self.rows)) + self._head

    def on_resize(self) -> None:
        # The last page must not end in blank lines after the window has grown.
        self.call_after_refresh(self.action_move, 0)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    def line_text(self, index: int) -> str:
        """A row as it is written on the screen."""
        return plain(self._row_line(index, self.room))

    @property
    def room(self) -> int:
        """Cells of a row."""
        return max(1, self.size.width - len(CURSOR) - 1)

    def _row_line(self, index: int, room: int) -> Line:
        key = (self._turn, index, room)
        if (known := self._lines.get(key)) is None:
            known = row_line(self.rows[index], place(self._columns, room))
            self._lines.set(key, known)
        return known

    def _state(self, y: int) -> tuple[Line, bool]:
        """The line at a height of the screen, and whether the cursor is on it."""
        if y < self._head:
            return heading_line(place(self._columns, self.room)), False
        index = y - self._head + round(self.scroll_y)
        if index < len(self.rows):
            return self._row_line(index, self.room), index == self.cursor and (self.has_focus or self.mark)
        if not self.rows and y == self._head:
            return (Ink(self._why_empty, Tone.QUIET),), False
        return EMPTY, False

    @property
    def _why_empty(self) -> str:
        if not self.known:
            return "not read yet"
        return "nothing matches the filter" if self._all and self._needle else self.nothing

    def render_line(self, y: int) -> Strip:
        state = self._state(y)
        self._drawn[y] = state
        width = self.size.width
        pieces, current = state
        key = (pieces, current, width)
        selection = self.text_selection
        strip = self._strips.get(key)
        if strip is None:
            base = self.rich_style
            if current:
                base += self.get_component_rich_style("row-list--cursor", partial=True)
            start = Segment(CURSOR if current else MARGIN, base)
            strip = Strip([start, *self.segments(pieces, base)]).adjust_cell_length(width, base)
            self._strips.set(key, strip)
        index = y - self._head + round(self.scroll_y)
        if selection is not None and y >= self._head:
            strip = self._highlighted(strip, selection, index)
        return strip.apply_offsets(0, index)

    # Selecting text

    def _highlighted(self, strip: Strip, selection: Selection, index: int) -> Strip:
        if (span := selection.get_span(index)) is None:
            return strip
        start, end = span[0], strip.cell_length if span[1] < 0 else span[1]
        style = self.screen.get_component_rich_style("screen--selection")
        chosen = strip.crop(start, end).apply_style(style)
        return Strip.join([strip.crop(0, start), chosen, strip.crop(end)])

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        first = selection.start.y if selection.start else round(self.scroll_y)
        last = selection.end.y if selection.end else first + self.size.height
        texts: list[str] = []
        for index in range(max(0, first), min(last + 1, len(self.rows))):
            if (span := selection.get_span(index)) is not None:
                text = MARGIN + self.line_text(index)
                texts.append(text[span[0] : None if span[1] < 0 else span[1]].rstrip())
        return ("\n".join(texts), "\n") if texts else None

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()
