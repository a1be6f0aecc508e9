"""The dialog before what destroys: it names the target, and one has to type a word."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Key
from textual.widgets import Button, Input

from lexops.gate.model import Preview
from lexops.tui.ink import Ink, Tone, line
from lexops.tui.presenters.confirm import (
    confirm_heading,
    confirm_lines,
    glass_lines,
    needs_lines,
    word_line,
)
from lexops.tui.presenters.environment import is_loud
from lexops.tui.presenters.forms import button_words
from lexops.tui.screens.dialog import Dialog
from lexops.tui.views import Intent
from lexops.tui.widgets.panel import Panel

Submit = Callable[[Intent], Awaitable[str | None]]


class ConfirmScreen(Dialog):
    """Cancel has the focus: a stray enter does nothing, and nothing goes on without the word."""

    CSS_PATH: ClassVar[list[str]] = ["dialog.tcss", "confirm.tcss"]  # type: ignore[assignment]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "cancel", id="confirm.cancel", tooltip="Do nothing"),
        Binding("down", "app.focus_next", "next", show=False, id="confirm.next", tooltip="On"),
        Binding("up", "app.focus_previous", "previous", show=False, id="confirm.up", tooltip="Back"),
    ]

    def __init__(
        self, preview: Preview, intent: Intent, arguments: Mapping[str, object], submit: Submit
    ) -> None:
        """`arguments` are those of the intent as they may stand on a screen."""
        super().__init__()
        self._preview = preview
        self._intent = intent
        self._arguments = arguments
        self._submit = submit
        self._breaking = False

    def compose(self) -> ComposeResult:
        with Vertical(id="confirm", classes="dialog"):
            yield Panel(id="confirm-heading")
            with VerticalScroll(id="confirm-what", can_focus=False):
                yield Panel(id="confirm-lines")
            yield Panel(id="confirm-needs")
            with Vertical(id="confirm-glass"):
                yield Panel(id="glass-lines")
                with Horizontal(classes="field"):
                    yield Panel(id="glass-label", classes="field-label")
                    yield Input(id="glass-reason", compact=True, placeholder="why it cannot wait")
            with Horizontal(id="confirm-word-line"):
                yield Panel(id="confirm-word-label")
                yield Input(id="confirm-word", compact=True, select_on_focus=False)
            yield Panel(id="confirm-error", classes="dialog-error")
            with Horizontal(classes="dialog-buttons"):
                yield Button(Content("Cancel"), id="cancel", compact=True)
                yield Button(Content(button_words(self._preview.title)), id="go", compact=True)
                if self._preview.break_glass:
                    yield Button(Content("Break the glass …"), id="glass", compact=True)

    def on_mount(self) -> None:
        preview, arguments = self._preview, self._arguments
        self.set_class(is_loud(preview.environment), "-loud")
        self._panel("heading").show(lambda width: (confirm_heading(preview, width),))
        self._panel("lines").show(lambda width: confirm_lines(preview, arguments, width))
        self._panel("needs").show(lambda width: needs_lines(preview, width))
        self._panel("word-label").show(lambda width: (word_line(preview.word),))
        self.query_one("#confirm-word-line").display = bool(preview.word)
        self.query_one("#glass-lines", Panel).show(glass_lines)
        self.query_one("#glass-label", Panel).show(lambda width: (line(Ink("reason", Tone.QUIET)),))
        self.query_one("#cancel").focus()

    def _panel(self, name: str) -> Panel:
        return self.query_one(f"#confirm-{name}", Panel)

    def on_key(self, event: Key) -> None:
        """Letters on a button begin the word; enter there stays the button's own."""
        if event.is_printable and event.character and isinstance(self.focused, Button) and self._preview.word:
            event.stop()
            field = self.query_one("#confirm-word", Input)
            field.insert_text_at_cursor(event.character)
            field.focus()

    @on(Button.Pressed, "#glass")
    def _break_glass(self) -> None:
        if self.is_asked:
            return
        self._breaking = not self._breaking
        self.set_class(self._breaking, "-breaking")
        self._panel("needs").show(lambda width: needs_lines(self._present(), width))
        title = button_words(self._preview.title)
        self._relabel("#go", f"{title} NOW" if self._breaking else title)
        self._relabel("#glass", "With approval …" if self._breaking else "Break the glass …")
        self.tell("", "")
        self.query_one("#glass-reason" if self._breaking else "#cancel").focus()

    def _relabel(self, button: str, label: str) -> None:
        named = self.query_one(button, Button)
        named.label = Content(label)
        named.refresh(layout=True)

    def _present(self) -> Preview:
        """What would be needed the way it stands now."""
        return replace(self._preview, approvals=0) if self._breaking else self._preview

    @on(Input.Submitted, "#glass-reason")
    def _reason_typed(self) -> None:
        self.query_one("#confirm-word").focus()

    @on(Input.Submitted, "#confirm-word")
    def _word_typed(self) -> None:
        if self._is_complete():
            self.query_one("#go").focus()

    @on(Button.Pressed, "#go")
    def _pressed(self) -> None:
        if self._is_complete():
            self.is_asked = True
            self._go(self._word, self._reason if self._breaking else "")

    @property
    def _word(self) -> str:
        return self.query_one("#confirm-word", Input).value.strip()

    @property
    def _reason(self) -> str:
        return self.query_one("#glass-reason", Input).value.strip()

    def _is_complete(self) -> bool:
        """Whether all is typed; the gate looks again."""
        if self._breaking and not self._reason:
            self.tell("a reason is needed", "say why it cannot wait for approval")
            self.query_one("#glass-reason").focus()
            return False
        if self._word != self._preview.word:
            self.tell("the word is not right", f"type {self._preview.word}, or press escape")
            self.query_one("#confirm-word").focus()
            return False
        self.tell("", "")
        return True

    @work(group="asking", exclusive=True)
    async def _go(self, word: str, reason: str) -> None:
        intent = replace(self._intent, confirmed=word, break_glass=reason)
        if await self.answered(self._submit(intent)) is not None:
            self.query_one("#cancel").focus()
