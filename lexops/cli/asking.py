"""The one place where the command line asks for an act: proves, has it confirmed, tells what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lexops.cli import present_requests as present
from lexops.cli import proving, terminal
from lexops.cli.following import exit_of, follow, look
from lexops.cli.program import leave, narrate, say, say_json, say_table
from lexops.errors import Exit
from lexops.gate.model import Answer, ConfirmationNeeded, SecondFactorNeeded, State

if TYPE_CHECKING:
    from lexops.gate.model import Preview
    from lexops.operations import Request
    from lexops.site import Site

DOOR = "cli"
TRIES = 3
"""How often the word is asked for."""
_UNDER_WAY = frozenset({State.RELEASED, State.RUNNING})


@dataclass(frozen=True, slots=True)
class Manner:
    """How somebody asks."""

    as_json: bool = False
    plan_only: bool = False
    """Nothing is asked for: only what it would do is shown."""
    key: str | None = None
    confirm: str = ""
    break_glass: str = ""
    wait: bool | None = None
    """Whether to wait for the worker; None: when somebody is at the terminal."""


def ask(site: Site, operation: str, arguments: Mapping[str, object], manner: Manner) -> None:
    """Ask for an act, tell what came of it and end with the exit code of that. Raises LexOpsError."""
    request = site.request(
        operation,
        arguments,
        DOOR,
        key=manner.key,
        confirmed=manner.confirm,
        break_glass=manner.break_glass,
    )
    if manner.plan_only:
        _show(site.gate.preview(request), manner.as_json)
    else:
        leave(_tell(site, submit(site, request), manner))


def submit(site: Site, request: Request) -> Answer:
    """The gate's answer; on a terminal, what is missing is asked for first. Raises LexOpsError."""
    words = 0
    while True:
        try:
            return site.gate.submit(request)
        except SecondFactorNeeded as needed:
            if not (needed.enrolled and terminal.is_interactive()):
                raise
            narrate(str(needed))
            narrate(proving.prove(site, needed.preview.scope))
        except ConfirmationNeeded as needed:
            words += 1
            if not terminal.is_interactive() or words > TRIES:
                raise
            request = replace(request, confirmed=_word(needed.preview, again=words > 1))


def _word(preview: Preview, *, again: bool) -> str:
    """The word that confirms an act, typed after having seen what it does. Raises Cancelled."""
    if again:
        narrate(f"that is not the word; it is {preview.word}")
    else:
        for line in present.warning(preview):
            narrate(line)
    word = terminal.question(f"type {preview.word} to go on, nothing to cancel: ")
    if not word:
        raise proving.Cancelled
    return word


def _show(preview: Preview, as_json: bool) -> None:
    if as_json:
        say_json(present.preview_json(preview))
        return
    say_table(present.preview_rows(preview))


def _tell(site: Site, answer: Answer, manner: Manner) -> Exit:
    """Say what came of it, after having waited for it if that was wanted."""
    waits = terminal.is_interactive() if manner.wait is None else manner.wait
    text, state = answer.text, answer.state
    if state in _UNDER_WAY and waits:
        narrate(text)
        ended = follow(site, answer.request)
        text, state = present.ending(ended), ended.state
    if manner.as_json:
        say_json(present.request_json(look(site, answer.request)))
    else:
        say(text)
    if state is State.WAITING:
        narrate(f"it is not done yet; follow it with: lexops request follow {answer.request}")
    elif state in _UNDER_WAY:
        narrate(f"follow it with: lexops request follow {answer.request}")
    return exit_of(state)
