"""What the console is to the rooms that are shown in it; they know nothing else of it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime

from lexops.tui.asking import AskingApp
from lexops.tui.places import Place
from lexops.tui.presenters.header import Standing
from lexops.tui.views import HeadsView


class Frame(AskingApp):
    """Shows rooms, tells them what is known, and leads from one to another."""

    heads: HeadsView
    """Whether the record continues what was seen of it before."""

    @abstractmethod
    def now(self) -> datetime:
        """The present moment, aware."""

    @property
    @abstractmethod
    def held(self) -> bool:
        """Whether the screen stands still: paused, or while text is selected."""

    @abstractmethod
    def release(self) -> None:
        """Show what was held back, if nothing holds it any more."""

    @abstractmethod
    def standing(self) -> Standing:
        """What the header says."""

    @abstractmethod
    def mode_names(self) -> Sequence[tuple[str, str]]:
        """Name and title of every mode."""

    @abstractmethod
    def mode_marks(self) -> Sequence[tuple[str, str, bool]]:
        """Key, title, and whether it is the current one."""

    @property
    @abstractmethod
    def mode_title(self) -> str:
        """The title of the current mode."""

    @abstractmethod
    async def go(self, place: Place) -> None:
        """Show a place: a mode from its top, anything else above the present mode."""
