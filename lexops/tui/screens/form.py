"""The dialog before an operation is asked for, drawn from the operation's own declaration."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, RadioButton, RadioSet

from lexops.errors import LexOpsError
from lexops.gate.model import Preview
from lexops.text import one_line
from lexops.tui.ink import Ink, Tone, line
from lexops.tui.port import Operation, Parameter
from lexops.tui.presenters.confirm import needs_lines
from lexops.tui.presenters.forms import (
    asked,
    button_words,
    choice_texts,
    given_lines,
    heading,
    is_destructive,
    is_secret,
    is_weighty,
    kind,
    read,
)
from lexops.tui.screens.dialog import Dialog
from lexops.tui.views import Intent
from lexops.tui.widgets.panel import Panel

Ask = Callable[[Operation, Mapping[str, object]], Awaitable[str | None]]
LookAhead = Callable[[Intent], Awaitable[Preview]]


class Choice(RadioButton):
    """One of several answers; the chosen one is a full circle and not only another colour."""

    BUTTON_INNER = "○"

    def watch_value(self) -> None:
        super().watch_value()
        self.BUTTON_INNER = "●" if self.value else "○"


class FormScreen(Dialog):
    """Names what it is about. The first field has the focus; where there is none to fill, or something
    would be destroyed, Cancel has it, so that a stray enter does nothing.
    """

    CSS_PATH: ClassVar[list[str]] = ["dialog.tcss", "form.tcss"]  # type: ignore[assignment]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "cancel", id="form.cancel", tooltip="Do nothing"),
        Binding("down", "app.focus_next", "next", show=False, id="form.next", tooltip="To the next field"),
        Binding("up", "app.focus_previous", "previous", show=False, id="form.up", tooltip="Back one field"),
        Binding("ctrl+s", "go", "ask", show=False, id="form.go", tooltip="Ask for it, from any field"),
    ]

    def __init__(
        self,
        operation: Operation,
        given: Mapping[str, object],
        environment: str,
        ask: Ask,
        look_ahead: LookAhead,
    ) -> None:
        super().__init__()
        self._operation = operation
        self._given = given
        self._environment = environment
        self._ask = ask
        self._look_ahead = look_ahead
        self._fields = asked(operation, given)

    def compose(self) -> ComposeResult:
        with Vertical(id="form"):
            yield Panel(id="form-heading")
            yield Panel(id="form-given")
            for index, parameter in enumerate(self._fields):
                with Horizontal(classes="field"):
                    yield Panel(classes="field-label")
                    yield self._field(index, parameter)
            if is_weighty(self._operation):
                yield Panel(id="form-needs")
            yield Panel(id="form-error", classes="dialog-error")
            with Horizontal(id="form-buttons", classes="dialog-buttons"):
                if self._fields and not is_destructive(self._operation):
                    yield Panel(id="form-hint")
                yield Button(Content("Cancel"), id="cancel", compact=True)
                yield Button(Content(button_words(self._operation.title)), id="go", compact=True)

    def _field(self, index: int, parameter: Parameter) -> Input | RadioSet:
        choices = choice_texts(parameter)
        if choices:
            buttons = [Choice(Content(one_line(choice))) for choice in choices]
            return RadioSet(*buttons, id=f"field-{index}", compact=True)
        optional = "" if parameter.required else " (optional)"
        return Input(
            id=f"field-{index}",
            compact=True,
            placeholder=f"{one_line(parameter.help)}{optional}",
            select_on_focus=False,
            password=is_secret(parameter),
            type="integer" if kind(parameter) == "int" else "text",
        )

    def on_mount(self) -> None:
        operation, given, environment = self._operation, self._given, self._environment
        self.query_one("#form-heading", Panel).show(lambda width: (heading(operation, environment, width),))
        self.query_one("#form-given", Panel).show(lambda width: given_lines(operation, given, width))
        for label, parameter in zip(self.query(".field-label").results(Panel), self._fields, strict=True):
            text = line(Ink(parameter.name, Tone.QUIET))
            label.show(lambda width, text=text: (text,))  # type: ignore[misc]
        for hint in self.query("#form-hint").results(Panel):
            hint.show(lambda width: (line(Ink("ctrl+s does it", Tone.QUIET)),))
        careful = is_destructive(operation) or not self._fields
        self.query_one("#cancel" if careful else "#field-0").focus()
        if is_weighty(operation) and not any(field.required for field in self._fields):
            self._show_needs()

    @work(group="asking")
    async def _show_needs(self) -> None:
        try:
            preview = await self._look_ahead(Intent(self._operation.name, self._given))
        except LexOpsError as error:
            self.tell(str(error), error.hint)
        else:
            self.query_one("#form-needs", Panel).show(lambda width: needs_lines(preview, width))

    @on(Input.Submitted)
    def _next_field(self) -> None:
        self.app.action_focus_next()
        if self.focused and self.focused.id == "cancel":
            self.query_one("#go").focus()

    def action_go(self) -> None:
        if not is_destructive(self._operation):
            self.query_one("#go", Button).press()

    @on(Button.Pressed, "#go")
    def _pressed(self) -> None:
        try:
            arguments = read(self._operation, self._given, self._answers())
        except LexOpsError as error:
            self.tell(str(error), error.hint)
            return
        self.is_asked = True
        self._go(arguments)

    def _answers(self) -> dict[str, str]:
        answers: dict[str, str] = {}
        for index, parameter in enumerate(self._fields):
            field = self.query_one(f"#field-{index}")
            if isinstance(field, Input):
                answers[parameter.name] = field.value
            elif isinstance(field, RadioSet) and field.pressed_index >= 0:
                answers[parameter.name] = choice_texts(parameter)[field.pressed_index]
        return answers

    @work(exclusive=True, group="asking")
    async def _go(self, arguments: Mapping[str, object]) -> None:
        if refused := await self.answered(self._ask(self._operation, arguments)):
            self._mend(refused)

    def _mend(self, error: str) -> None:
        """Go to the field that an error names, else the first: the next Enter must not throw all away."""
        names = [parameter.name for parameter in self._fields]
        named = error.partition(":")[0]
        if names:
            self.query_one(f"#field-{names.index(named) if named in names else 0}").focus()
