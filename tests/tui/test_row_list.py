"""The list that holds any number of rows."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from textual.app import App, ComposeResult
from textual.message import Message

from lexops.tui.ink import Ink
from lexops.tui.presenters.columns import Column
from lexops.tui.theme import DARK
from lexops.tui.widgets.row_list import RowList

COLUMNS = (
    Column[int]("number", lambda number: (Ink(str(number)),), 10, right=True),
    Column[int]("word", lambda number: (Ink(f"row {number}"),), 10, grow=1),
)


@dataclass
class Seen:
    messages: list[Message] = field(default_factory=list)

    def of(self, kind: type[Message]) -> list[Message]:
        return [message for message in self.messages if isinstance(message, kind)]


class ListApp(App[None]):
    CSS_PATH = ["../../lexops/tui/widgets/inked.tcss", "../../lexops/tui/widgets/row_list.tcss"]  # noqa: RUF012

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(DARK.variables)

    def compose(self) -> ComposeResult:
        yield RowList[int](lambda number: number, haystack=lambda number: f"row {number}")

    @property
    def rows(self) -> RowList[int]:
        return self.query_one(RowList)


async def test_an_empty_list_says_so_only_once_it_is_known() -> None:
    app = ListApp()
    async with app.run_test(size=(60, 20)) as pilot:
        app.rows.nothing = "none"
        said: list[str] = []
        for change in (lambda: None, lambda: app.rows.show((), COLUMNS), app.rows.forget):
            change()
            await pilot.pause()
            said.append(app.rows.render_line(0).text.strip())
        assert said == ["not read yet", "none", "not read yet"]
        app.rows.show(range(10_000), COLUMNS, order=lambda number: -number)  # sorted in a thread
        assert "none" not in app.rows.render_line(0).text


async def test_a_hundred_thousand_rows_scroll_at_once_and_only_those_in_sight_are_made() -> None:
    made: list[int] = []

    def word(number: int) -> tuple[Ink, ...]:
        made.append(number)
        return (Ink(f"row {number}"),)

    app = ListApp()
    async with app.run_test(size=(60, 20)) as pilot:
        app.rows.show(range(100_000), (Column[int]("word", word, 10, grow=1),))
        await pilot.press("end")
        assert app.rows.current == 99_999 and app.rows.scroll_y == 99_980
        await pilot.press("pageup", "home", "pagedown")
        assert app.rows.current == 19
        assert len(set(made)) < 200


async def test_a_million_rows_are_shown_and_filtered_aside() -> None:
    app = ListApp()
    async with app.run_test(size=(60, 20)) as pilot:
        start = time.process_time()
        app.rows.show(range(1_000_000), COLUMNS)
        app.rows.move_to(999_999)
        assert time.process_time() - start < 3
        app.rows.show(range(100_000), COLUMNS)
        app.rows.filter("row 99999")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert list(app.rows.rows) == [99_999]


async def test_the_cursor_stays_on_its_row_and_the_row_on_its_line() -> None:
    app = ListApp()
    async with app.run_test(size=(60, 20)) as pilot:
        app.rows.show(list(range(100)), COLUMNS)
        app.rows.move_to(50)
        await pilot.pause()
        line = app.rows.cursor - app.rows.scroll_y
        app.rows.show(list(range(-7, 100)), COLUMNS)
        await pilot.pause()
        assert app.rows.current == 50 and app.rows.cursor - app.rows.scroll_y == line
        app.rows.show([number for number in range(100) if number != 50], COLUMNS)
        await pilot.pause()
        assert app.rows.current is not None


async def test_a_list_at_its_top_shows_what_is_new_there() -> None:
    app = ListApp()
    async with app.run_test(size=(60, 20)) as pilot:
        app.rows.show(list(range(100)), COLUMNS)
        app.rows.show(list(range(-1, 100)), COLUMNS)
        await pilot.pause()
        assert app.rows.current == 0 and app.rows.scroll_y == 0


async def test_only_changed_lines_are_painted_again() -> None:
    app = ListApp()
    async with app.run_test(size=(60, 20)) as pilot:
        app.rows.show(list(range(100)), COLUMNS)
        await pilot.pause()
        painted: list[int] = []
        render_line = app.rows.render_line

        def spy(y: int) -> object:
            painted.append(y)
            return render_line(y)

        app.rows.render_line = spy  # type: ignore[method-assign, assignment]
        app.rows.show([*range(4), 1000, *range(5, 100)], COLUMNS)
        await pilot.pause()
        assert set(painted) == {4}
        painted.clear()
        app.rows.show([*range(4), 1000, *range(5, 100)], COLUMNS)
        await pilot.pause()
        assert painted == []
        await pilot.press("down")
        assert set(painted) == {0, 1}


async def test_moving_and_opening_are_told_and_moves_replace_each_other() -> None:
    seen = Seen()
    app = ListApp()
    async with app.run_test(size=(60, 20), message_hook=seen.messages.append) as pilot:
        app.rows.show(list(range(100)), COLUMNS)
        await pilot.press("down", "enter")
        assert {message.key for message in seen.of(RowList.Selected)} == {1}  # type: ignore[attr-defined]
        first, second = RowList.Moved(app.rows, 1), RowList.Moved(app.rows, 2)
        assert second.can_replace(first)
        assert not second.can_replace(RowList.Selected(app.rows, 1))


async def test_an_empty_list_takes_every_key() -> None:
    app = ListApp()
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("enter", "down", "up", "end", "home", "pagedown", "pageup")
        assert app.rows.current is None and app.rows.current_key is None
