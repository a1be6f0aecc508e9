"""The keys that work here, at the foot of a screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from textual.actions import parse
from textual.keys import format_key
from textual.screen import Screen

from lexops.tui.ink import Line
from lexops.tui.presenters.keys import KeyHelp, key_line
from lexops.tui.widgets.panel import Panel

_NAMES = {
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "escape": "esc",
    "space": "space",
    "enter": "enter",
}


@runtime_checkable
class Explains(Protocol):
    """A screen that tells why a key of its does nothing."""

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str: ...


def screen_keys(screen: Screen[object]) -> list[KeyHelp]:
    """The keys of a screen and of what has its focus, as declared."""
    found: dict[tuple[str, str], KeyHelp] = {}
    for key, active in screen.active_bindings.items():
        binding = active.binding
        if binding.system or not binding.tooltip:
            continue
        shown = binding.key_display or _NAMES.get(key) or format_key(key)
        reason = ""
        if not active.enabled and isinstance(screen, Explains):
            _, action, parameters = parse(binding.action)
            reason = screen.why_not(action, parameters)
        known = found.get((binding.action, binding.description))
        found[binding.action, binding.description] = KeyHelp(
            key=f"{known.key} {shown}" if known else shown,
            label=binding.description,
            help=binding.tooltip,
            enabled=active.enabled,
            shown=binding.show,
            why_not=reason,
        )
    return list(found.values())


class KeyLine(Panel):
    """As many of the keys as fit."""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.tell())
        self.tell()

    def tell(self) -> None:
        """Say what the keys are now."""
        keys = screen_keys(self.screen)

        def draw(width: int) -> Sequence[Line]:
            return (key_line(keys, width),)

        self.show(draw)
