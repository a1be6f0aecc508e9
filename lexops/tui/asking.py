"""Asking for operations: what is offered, what it still needs, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual import on, work
from textual.app import App
from textual.message import Message

from lexops.errors import LexOpsError
from lexops.tui.ink import Ink
from lexops.tui.port import Operation, Port
from lexops.tui.presenters.forms import is_destructive
from lexops.tui.presenters.header import most_serious
from lexops.tui.screens.form import FormScreen
from lexops.tui.snapshot import Snapshot


class AskingApp(App[None]):
    """Carries requests to the port. Whether they are allowed is decided behind it."""

    port: Port
    snapshot: Snapshot | None = None

    @dataclass
    class Said(Message):
        """A request was taken or declined; one line to show."""

        text: str
        hint: str = ""
        failed: bool = False

    def look_again(self) -> None:
        """Something was asked for, so that there may soon be news."""

    def operations(self) -> Sequence[Operation]:
        """What the operator may ask for."""
        return self.snapshot.operations if self.snapshot else ()

    def operate(self, name: str, given: Mapping[str, object]) -> None:
        """Ask for an operation; whatever it still needs, or destroys, is asked in a dialog first."""
        operation = next((each for each in self.operations() if each.name == name), None)
        if operation is None:
            self.say(f"{name} is not offered to {self.port.operator}", failed=True)
            return
        wanted = {parameter.name for parameter in operation.parameters}
        known = {key: value for key, value in given.items() if key in wanted}
        if known and wanted <= known.keys() and not is_destructive(operation):
            self._submit(name, known)
        else:
            form = FormScreen(operation, known, self._environment(known), self.port.submit)
            self.push_screen(form, self._submitted)

    def say(self, text: str, hint: str = "", failed: bool = False) -> None:
        """Show a line for a few seconds."""
        said = "\n".join(Ink(part).text for part in (text, hint) if part)
        self.notify(said, severity="error" if failed else "information", timeout=6, markup=False)

    def _environment(self, given: Mapping[str, object]) -> str:
        targets = self.snapshot.fleet.targets if self.snapshot else ()
        named = [row.environment for row in targets if row.name == given.get("target")]
        return most_serious(named or [row.environment for row in targets])

    @work(thread=True, group="submit", exit_on_error=False)
    def _submit(self, name: str, arguments: Mapping[str, object]) -> None:
        try:
            self.post_message(self.Said(self.port.submit(name, arguments)))
        except LexOpsError as error:
            self.post_message(self.Said(str(error), error.hint, failed=True))

    @on(Said)
    def _said(self, event: Said) -> None:
        self.say(event.text, event.hint, event.failed)
        self.look_again()

    def _submitted(self, text: str | None) -> None:
        if text is not None:
            self.say(text)
            self.look_again()
