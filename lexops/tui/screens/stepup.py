"""The dialog in which a person proves who they are: a code, or a signature with an SSH key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Input, TextArea

from lexops.errors import LexOpsError
from lexops.gate.model import Preview
from lexops.tui.ink import Ink, Tone, line, spread
from lexops.tui.port import Port
from lexops.tui.presenters.confirm import signing_lines, step_up_lines, tries_words
from lexops.tui.presenters.environment import environment_badge
from lexops.tui.presenters.forms import error_lines
from lexops.tui.views import Means, SigningTask
from lexops.tui.widgets.panel import Panel


class StepUpScreen(ModalScreen[bool]):
    """Answers whether it is proven now; what it is for goes on by itself then."""

    CSS_PATH: ClassVar[list[str]] = ["dialog.tcss", "stepup.tcss"]  # type: ignore[assignment]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(False)", "cancel", id="stepup.cancel", tooltip="Do nothing"),
    ]

    @dataclass
    class Proven(Message):
        """The second factor was accepted; one line to show."""

        text: str

    @dataclass
    class Declined(Message):
        """It was not."""

        text: str
        hint: str
        by_code: bool

    @dataclass
    class Task(Message):
        """There is something to sign."""

        task: SigningTask

    def __init__(self, port: Port, preview: Preview, means: Means) -> None:
        super().__init__()
        self._port = port
        self._preview = preview
        self._means = means
        self._wrong = 0
        self._signing = not means.codes

    def compose(self) -> ComposeResult:
        means = self._means
        with Vertical(id="stepup", classes="dialog"):
            yield Panel(id="stepup-heading")
            yield Panel(id="stepup-lines")
            with Horizontal(classes="field", id="stepup-code-line"):
                yield Panel(id="stepup-code-label", classes="field-label")
                placeholder = "six digits of your authenticator, or a recovery code"
                yield Input(id="stepup-code", compact=True, password=True, placeholder=placeholder)
            with Vertical(id="stepup-sign"):
                with VerticalScroll(id="stepup-task", can_focus=False):
                    yield Panel(id="stepup-task-lines")
                yield TextArea(id="stepup-armour", compact=True, tab_behavior="focus")
            yield Panel(id="stepup-error", classes="dialog-error")
            with Horizontal(classes="dialog-buttons"):
                if means.agent:
                    yield Button(Content("Ask the ssh-agent"), id="agent", compact=True)
                if means.keys and means.codes:
                    yield Button(Content("Sign instead"), id="sign", compact=True)
                yield Button(Content("Cancel"), id="cancel", compact=True)
                yield Button(Content("Prove it"), id="go", compact=True)

    def on_mount(self) -> None:
        preview, means = self._preview, self._means
        badge = environment_badge(preview.environment)
        title = (Ink("Second factor", Tone.TITLE),)
        self._panel("heading").show(lambda width: (spread(title, (badge,), width),))
        self._panel("lines").show(lambda width: step_up_lines(preview, means, width))
        self._panel("code-label").show(lambda width: (line(Ink("code", Tone.QUIET)),))
        if self._signing:
            self._to_signing()
        else:
            self.query_one("#stepup-code").focus()

    def _panel(self, name: str) -> Panel:
        return self.query_one(f"#stepup-{name}", Panel)

    @on(Button.Pressed, "#sign")
    def _to_signing(self) -> None:
        self._signing = True
        self.add_class("-signing")
        self._panel("error").show(lambda width: ())
        self.query_one("#stepup-armour").focus()
        self._get_task()

    @work(thread=True, exclusive=True, group="prove", exit_on_error=False)
    def _get_task(self) -> None:
        try:
            self.post_message(self.Task(self._port.signing_task(self._preview.scope)))
        except LexOpsError as error:
            self.post_message(self.Declined(str(error), error.hint, by_code=False))

    @on(Task)
    def _show_task(self, event: Task) -> None:
        self._panel("task-lines").show(lambda width: signing_lines(event.task, width))

    @on(Button.Pressed, "#cancel")
    def _cancelled(self) -> None:
        self.dismiss(False)

    @on(Button.Pressed, "#agent")
    def _ask_agent(self) -> None:
        self._prove(lambda: self._port.prove_by_agent(self._preview.scope), by_code=False)

    @on(Input.Submitted, "#stepup-code")
    @on(Button.Pressed, "#go")
    def _go(self) -> None:
        scope = self._preview.scope
        if self._signing:
            armour = self.query_one("#stepup-armour", TextArea).text
            self._prove(lambda: self._port.prove_by_signature(scope, armour), by_code=False)
        elif code := self.query_one("#stepup-code", Input).value.strip():
            self._prove(lambda: self._port.prove_by_code(scope, code), by_code=True)

    def _prove(self, how: Callable[[], str], *, by_code: bool) -> None:
        for button in self.query(Button):
            button.disabled = button.id != "cancel"
        self._panel("error").show(lambda width: (line(Ink("looking …", Tone.QUIET)),))
        self._try(how, by_code)

    @work(thread=True, exclusive=True, group="prove", exit_on_error=False)
    def _try(self, how: Callable[[], str], by_code: bool) -> None:
        try:
            self.post_message(self.Proven(how()))
        except LexOpsError as error:
            self.post_message(self.Declined(str(error), error.hint, by_code))

    @on(Proven)
    def _proven(self, event: Proven) -> None:
        self.app.notify(event.text, markup=False, timeout=4)
        self.dismiss(True)

    @on(Declined)
    def _declined(self, event: Declined) -> None:
        for button in self.query(Button):
            button.disabled = False
        self._wrong += event.by_code
        hint = f"{event.hint}; {tries_words(self._means, self._wrong)}" if event.by_code else event.hint
        self._panel("error").show(lambda width: error_lines(event.text, hint, width))
        if event.by_code:
            code = self.query_one("#stepup-code", Input)
            code.value = ""
            code.focus()
