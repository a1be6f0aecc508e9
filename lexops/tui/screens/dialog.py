"""What the dialogs that ask for an act have in common: when they can be given up."""

from __future__ import annotations

from collections.abc import Awaitable

from textual import on
from textual.screen import ModalScreen
from textual.widgets import Button

from lexops.errors import LexOpsError
from lexops.tui.presenters.forms import error_lines
from lexops.tui.widgets.panel import Panel


class Dialog(ModalScreen[str | None]):
    """Gives the line that tells what came of the act, or None when it was given up.

    Escape and Cancel mean that nothing is done. Once the act is asked for they could not keep that promise:
    it goes on, and only its answer closes the dialog.
    """

    def action_give_up(self) -> None:
        if self.is_asked:
            self.tell(
                "it is asked for, and cannot be called back",
                "its answer is shown here; ctrl+q leaves the console",
            )
        else:
            self.dismiss(None)

    @on(Button.Pressed, "#cancel")
    def _cancelled(self) -> None:
        self.action_give_up()

    @property
    def is_asked(self) -> bool:
        """Whether the act was asked for and its answer is not there yet."""
        return self.query_one("#go", Button).disabled

    @is_asked.setter
    def is_asked(self, asked: bool) -> None:
        self.query_one("#go", Button).disabled = asked

    async def answered(self, asked: Awaitable[str | None]) -> str | None:
        """Close with what came of the act, and give None; else tell and give why it was refused.

        That is empty when the act was given up on the way.
        """
        refused = ""
        try:
            text = await asked
        except LexOpsError as error:
            refused = str(error)
            self.tell(refused, error.hint)
        else:
            if text is not None:
                self.dismiss(text)
                return None
            self.tell("", "")
        self.is_asked = False
        return refused

    def tell(self, text: str, hint: str) -> None:
        """Show what is wrong, and how to go on."""
        self.query_one(".dialog-error", Panel).show(lambda width: error_lines(text, hint, width))
