"""Forms: what is asked before an operation is requested, and how an answer is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len

from lexops.errors import InvalidRequest
from lexops.text import fit, one_line
from lexops.tui.ink import Ink, Line, Tone, fitted, line, spread, wrapped
from lexops.tui.port import Operation, Parameter
from lexops.tui.presenters.environment import environment_badge

LABEL = 12
HASH = 12
"""Characters of a hash that are shown; it is compared in full."""
BUTTON = 28
"""Cells of the longest button: two more have to stand beside it."""
_EFFECTS = {"read": "only looks", "change": "", "destroy": "cannot be undone"}
"""What the declared effects mean; any other one is said as it is."""


def is_destructive(operation: Operation) -> bool:
    """Whether it must never be asked for by a single key."""
    return str(operation.effect) == "destroy"


def is_confirmed(operation: Operation) -> bool:
    """Whether its plan is shown and confirmed first: it destroys, or acts on what is operated."""
    return is_destructive(operation) or operation.reaches_target


def is_secret(parameter: Parameter) -> bool:
    """Whether what is typed must not be seen."""
    return str(parameter.privacy) == "secret"


def shown(operation: Operation, arguments: Mapping[str, object]) -> dict[str, object]:
    """The arguments as they may stand on a screen."""
    secret = {parameter.name for parameter in operation.parameters if is_secret(parameter)}
    return {name: "(secret)" if name in secret else value for name, value in arguments.items()}


def is_weighty(operation: Operation) -> bool:
    """Whether it may need more than being allowed: a second factor, or approval."""
    return operation.critical or str(operation.effect) in ("read", "destroy")


def asked(operation: Operation, given: Mapping[str, object]) -> list[Parameter]:
    """The parameters that a person must or may still fill in."""
    return [parameter for parameter in operation.parameters if parameter.name not in given]


def heading(operation: Operation, environment: str, width: int) -> Line:
    """What will be asked for, and where."""
    where = (environment_badge(environment),) if environment else ()
    return spread((Ink(operation.title, Tone.TITLE),), where, width)


def button_words(title: str) -> str:
    """What stands on the button: the beginning of what the operation does."""
    words = one_line(title).partition(";")[0]
    return words if cell_len(words) <= BUTTON else fit(words, BUTTON)


def given_lines(operation: Operation, given: Mapping[str, object], width: int) -> list[Line]:
    """The arguments that the screen knows already, and what the operation does."""
    lines = [labelled(name, str(value)[: HASH if name == "hash" else None]) for name, value in given.items()]
    if effect := _EFFECTS.get(str(operation.effect), str(operation.effect)):
        first, *rest = wrapped(effect, max(10, width - LABEL))
        lines += [labelled("does", first), *(labelled("", part) for part in rest)]
    return lines


def labelled(label: str, text: str) -> Line:
    """A word in the label column, and a text."""
    return (*fitted((Ink(label, Tone.QUIET),), LABEL), Ink(text))


def error_lines(text: str, hint: str, width: int) -> list[Line]:
    """Why it was refused: one line, and a hint; nothing where it was not."""
    if not text:
        return []
    first, *rest = _beginning(text, width - 2)
    lines = [line(Ink(f"✖ {first}", Tone.CRITICAL))]
    lines += [line(Ink(f"  {part}", Tone.CRITICAL)) for part in rest]
    return lines + [line(Ink(f"  {part}", Tone.QUIET)) for part in _beginning(hint, width - 2) if hint]


def _beginning(text: str, width: int) -> list[str]:
    """The first two lines; that there are more is seen."""
    lines = wrapped(text, width)
    if len(lines) > 2:
        lines[1] = fit(f"{lines[1]}…", width).rstrip()
    return lines[:2]


def choice_texts(parameter: Parameter) -> Sequence[str]:
    """The allowed answers as text."""
    if kind(parameter) == "bool":
        return ("yes", "no")
    return [str(choice) for choice in parameter.choices or ()]


def kind(parameter: Parameter) -> str:
    """The name of the parameter's type."""
    return str(getattr(parameter.type, "__name__", parameter.type))


def read(operation: Operation, given: Mapping[str, object], answers: Mapping[str, str]) -> dict[str, object]:
    """All arguments from what was typed. Raises InvalidRequest naming the field that does not fit."""
    arguments = dict(given)
    for parameter in asked(operation, given):
        text = answers.get(parameter.name, "").strip()
        if text:
            arguments[parameter.name] = _value(parameter, text)
        elif parameter.required:
            raise InvalidRequest(f"{parameter.name} is needed", hint=parameter.help)
    return arguments


def _value(parameter: Parameter, text: str) -> object:
    name = kind(parameter)
    if name == "bool":
        return text == "yes"
    for choice in parameter.choices or ():
        if str(choice) == text:
            return choice
    if parameter.choices:
        allowed = ", ".join(str(choice) for choice in parameter.choices)
        raise InvalidRequest(f"{parameter.name} cannot be {text}", hint=f"Allowed: {allowed}")
    if name in ("int", "float"):
        try:
            return int(text) if name == "int" else float(text)
        except ValueError:
            whole = "a whole number" if name == "int" else "a number"
            raise InvalidRequest(f"{parameter.name} must be {whole}", hint=parameter.help) from None
    return text
