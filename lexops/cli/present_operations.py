"""Operations as declared: lines of text, JSON, JSON Schema and the page docs/operations.md. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lexops.cli.drawn import example

if TYPE_CHECKING:
    from lexops.operations import Operation, Parameter

_TYPES = {"bool": "boolean", "int": "integer", "float": "number"}
_HEAD = """\
# Operations

Everything that can be done with LexOps, as declared. Each is a command, a form of the console, a step of a
runbook and something a schedule can run; all of them pass the gate ([people.md](people.md)). This page is
written by `lexops operation list --format markdown`.
"""


def operation_row(operation: Operation) -> tuple[str, ...]:
    """One line of a list of operations."""
    return (
        operation.name,
        role(operation),
        effect(operation),
        " ".join(each.name if each.required else f"[{each.name}]" for each in operation.parameters),
        operation.title,
    )


def role(operation: Operation) -> str:
    """Who may ask for it at least."""
    return operation.role.value if operation.role else "everybody"


def effect(operation: Operation) -> str:
    """What it does to the world, and whether it is weighty."""
    weighty = operation.critical and operation.effect.value == "change"
    return f"{operation.effect}, critical" if weighty else operation.effect.value


def operation_json(operation: Operation) -> dict[str, Any]:
    """An operation as data."""
    return {
        "operation": operation.name,
        "title": operation.title,
        "description": operation.description or None,
        "role": operation.role.value if operation.role else None,
        "effect": operation.effect.value,
        "critical": operation.critical,
        "reaches_target": operation.reaches_target,
        "parameters": [
            {
                "name": each.name,
                "type": type_name(each),
                "help": each.help,
                "required": each.required,
                "default": _plain(each.default),
                "choices": list(each.choices),
                "privacy": each.privacy.value,
            }
            for each in operation.parameters
        ],
        "steps": [{"name": step.name, "title": step.title} for step in operation.steps],
        "example": example(operation),
    }


def operation_lines(operation: Operation) -> list[tuple[str, str]]:
    """An operation, label and text."""
    weighty = "; on the sealed record before it happens, needs a second factor where the site says so"
    rows = [
        ("operation", operation.name),
        ("title", operation.title),
        *([("", operation.description)] if operation.description else []),
        ("role", role(operation)),
        ("effect", f"{operation.effect}{weighty if operation.critical else ''}"),
    ]
    rows += [(f"  {each.name}", parameter_words(each)) for each in operation.parameters]
    rows += [(f"step {n}", f"{step.name}: {step.title}") for n, step in enumerate(operation.steps, 1)]
    return [*rows, ("example", example(operation))]


def parameter_words(parameter: Parameter) -> str:
    """What a parameter is, in one phrase."""
    kind = "one of " + ", ".join(parameter.choices) if parameter.choices else type_name(parameter)
    facts = [kind, "needed" if parameter.required else "optional"]
    if parameter.default is not None:
        facts.append(f"default {parameter.default}")
    if parameter.privacy.value != "open":
        facts.append(parameter.privacy.value)
    return f"{parameter.help} ({', '.join(facts)})"


def type_name(parameter: Parameter) -> str:
    """The type of a parameter as people know it: text, number, yes or no."""
    return "string" if parameter.choices else _TYPES.get(parameter.type.__name__, "string")


def schema(operation: Operation) -> dict[str, Any]:
    """The JSON Schema (2020-12) of an operation's arguments."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": operation.name,
        "description": " ".join(filter(None, (f"{operation.title}.", operation.description))),
        "type": "object",
        "properties": {each.name: _property(each) for each in operation.parameters},
        "required": [each.name for each in operation.parameters if each.required],
        "additionalProperties": False,
    }


def _property(parameter: Parameter) -> dict[str, Any]:
    found: dict[str, Any] = {"type": type_name(parameter), "description": parameter.help}
    if parameter.choices:
        found["enum"] = list(parameter.choices)
    if parameter.default is not None:
        found["default"] = _plain(parameter.default)
    if parameter.privacy.value == "secret":
        found["writeOnly"] = True
    return found


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def markdown(operations: Iterable[Operation]) -> str:
    """The page docs/operations.md."""
    return "\n".join([_HEAD, *map(_section, operations)])


def _section(operation: Operation) -> str:
    told = " ".join(filter(None, (f"{operation.title}.", operation.description)))
    lines = [f"## {operation.name}", "", told, ""]
    lines.append(f"Role: {role(operation)}. Effect: {effect(operation)}.")
    if operation.parameters:
        lines += ["", "| parameter | |", "|---|---|"]
        lines += [f"| `{each.name}` | {parameter_words(each)} |" for each in operation.parameters]
    if operation.steps:
        steps = "; ".join(f"{n}. {step.title}" for n, step in enumerate(operation.steps, 1))
        lines += ["", f"Steps: {steps}."]
    return "\n".join([*lines, "", f"    {example(operation)}", ""])
