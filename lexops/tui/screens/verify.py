"""Verification of the record: how far it is, then the verdict and what to do."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen
from textual.worker import get_current_worker

from lexops.audit.verdict import Report
from lexops.errors import LexOpsError
from lexops.tui.ink import Ink, Tone, line
from lexops.tui.port import Port
from lexops.tui.presenters.forms import error_lines
from lexops.tui.presenters.proof import progress_line, report_lines
from lexops.tui.widgets.panel import Panel

SHOWN_EVERY = 0.2
"""Seconds between two states of the bar: a slow line has to carry them."""


class Abandoned(LexOpsError):
    """Nobody waits for this verification any more."""


class VerifyScreen(ModalScreen[None]):
    """Closing it ends the verification."""

    CSS_PATH: ClassVar[list[str]] = ["dialog.tcss", "verify.tcss"]  # type: ignore[assignment]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss(None)", "close", id="verify.close", tooltip="Close"),
    ]

    @dataclass
    class Progress(Message):
        """So many entries have been looked at; only the newest of these matters."""

        done: int
        total: int

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, VerifyScreen.Progress)

    @dataclass
    class Finished(Message):
        """The verdict."""

        report: Report

    @dataclass
    class Failed(Message):
        """The record could not be read."""

        text: str
        hint: str

    def __init__(self, port: Port) -> None:
        super().__init__()
        self._port = port

    def compose(self) -> ComposeResult:
        with Vertical(id="verify", classes="dialog"):
            yield Panel(id="verify-heading")
            with VerticalScroll(id="verify-body"):
                yield Panel(id="verify-lines")

    def on_mount(self) -> None:
        title = line(Ink("Verifying the whole record", Tone.TITLE), Ink("   esc closes", Tone.QUIET))
        self.query_one("#verify-heading", Panel).show(lambda width: (title,))
        self._lines.show(lambda width: (progress_line(0, 0, width),))
        self._verify()

    @property
    def _lines(self) -> Panel:
        return self.query_one("#verify-lines", Panel)

    @work(thread=True, exclusive=True, group="verify", exit_on_error=False)
    def _verify(self) -> None:
        worker, shown = get_current_worker(), 0.0

        def progress(done: int, total: int) -> None:
            nonlocal shown
            if worker.is_cancelled:
                raise Abandoned
            now = time.monotonic()
            if now - shown >= SHOWN_EVERY or done == total:
                shown = now
                self.post_message(self.Progress(done, total))

        try:
            self.post_message(self.Finished(self._port.verify(progress)))
        except Abandoned:
            return
        except LexOpsError as error:
            self.post_message(self.Failed(str(error), error.hint))

    @on(Progress)
    def _show_progress(self, event: Progress) -> None:
        self._lines.show(lambda width: (progress_line(event.done, event.total, width),))

    @on(Finished)
    def _show(self, event: Finished) -> None:
        zone = self._port.zone
        self._lines.show(lambda width: report_lines(event.report, zone, width))

    @on(Failed)
    def _failed(self, event: Failed) -> None:
        self._lines.show(lambda width: error_lines(event.text, event.hint, width))
