"""What may be done with an incident in which state, and what becomes of it. Pure.

The whole table is below; nothing else decides it. A cell is the state after the act, or the words with which
it is refused. Where it matters whether somebody has the incident, a cell is two: with an owner, and without.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from lexops.incidents.model import State


class Act(StrEnum):
    """What is done with an incident, by people or by itself."""

    ACKNOWLEDGE = "acknowledge"
    ASSIGN = "assign"
    RELEASE = "release"
    WORSEN = "worsen"
    """It got worse than what somebody took."""
    CLASSIFY = "classify"
    PAUSE = "pause"
    RESUME = "resume"
    MITIGATE = "mitigate"
    RESOLVE = "resolve"
    CANCEL = "cancel"
    REOPEN = "reopen"
    GROUP = "group"
    UNGROUP = "ungroup"
    TAKE_IN = "take in"
    """Another one turns out to be this one."""
    SPLIT = "split"
    NOTE = "note"
    """Also what was said, a link, a file: it is written down whatever the state."""


Cell = State | str | tuple[State | str, State | str, State | str]

_OPEN, _TAKEN, _WAITS = State.OPEN, State.ACKNOWLEDGED, State.WAITING
_BACK = (_TAKEN, _OPEN, _OPEN)
"""To whoever had taken it; given is not taken."""
_RESOLVED, _CANCELLED = State.RESOLVED, State.CANCELLED


def _row(open_: Cell, taken: Cell, waits: Cell, resolved: Cell, cancelled: Cell) -> Mapping[State, Cell]:
    return {_OPEN: open_, _TAKEN: taken, _WAITS: waits, _RESOLVED: resolved, _CANCELLED: cancelled}


_OVER: tuple[Cell, Cell] = ("is resolved", "is cancelled")
_STAYS = _row(_OPEN, _TAKEN, _WAITS, _RESOLVED, _CANCELLED)
_STAYS_WHILE_OPEN = _row(_OPEN, _TAKEN, _WAITS, *_OVER)

TABLE: Mapping[Act, Mapping[State, Cell]] = {
    # act              open, acknowledged, waiting, resolved, cancelled
    Act.ACKNOWLEDGE: _row(_TAKEN, _TAKEN, _WAITS, *_OVER),
    Act.ASSIGN: _row(_OPEN, _OPEN, _WAITS, *_OVER),
    Act.RELEASE: _row((_OPEN, _OPEN, "is nobody's"), _OPEN, (_WAITS, _WAITS, "is nobody's"), *_OVER),
    Act.WORSEN: _row(_OPEN, _OPEN, _OPEN, *_OVER),
    Act.CLASSIFY: _STAYS_WHILE_OPEN,
    Act.PAUSE: _row(_WAITS, _WAITS, "is waiting", *_OVER),
    Act.RESUME: _row("is not waiting; it is open", "is not waiting; it is acknowledged", _BACK, *_OVER),
    Act.MITIGATE: _STAYS_WHILE_OPEN,
    Act.RESOLVE: _row(_RESOLVED, _RESOLVED, _RESOLVED, *_OVER),
    Act.CANCEL: _row(_CANCELLED, _CANCELLED, _CANCELLED, *_OVER),
    Act.REOPEN: _row(
        "is not resolved; it is open",
        "is not resolved; it is acknowledged",
        "is not resolved; it is waiting",
        _BACK,
        "is not resolved; it is cancelled, which is for good",
    ),
    Act.GROUP: _STAYS_WHILE_OPEN,
    Act.UNGROUP: _STAYS,
    Act.TAKE_IN: _row(_OPEN, _TAKEN, _WAITS, _RESOLVED, "is cancelled"),
    Act.SPLIT: _STAYS,
    Act.NOTE: _STAYS,
}
"""Every act in every state."""


def after(act: Act, state: State, *, owned: bool, taken: bool) -> State | str:
    """The state after an act, or the words with which it is refused: `is resolved`.

    `taken`: its owner has said so, and it was given to nobody since.
    """
    cell = TABLE[act][state]
    return cell[0 if owned and taken else 1 if owned else 2] if isinstance(cell, tuple) else cell
