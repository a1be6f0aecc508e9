"""An operation is one act, declared once as a typed function plus data. Doors draw it, the gate runs it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Effect(StrEnum):
    """What an operation does to the world."""

    READ = "read"
    CHANGE = "change"
    DESTROY = "destroy"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of an operation, enough for a command-line option, a form field or a JSON Schema."""

    name: str
    type: type[Any]
    help: str
    required: bool
    default: object = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """An act somebody asks for: plain data, so that it can be stored, approved and repeated."""

    operation: str
    arguments: Mapping[str, object]
    operator: str
    door: str
    key: str
    """Unique per intent; the same key never acts twice."""


@dataclass(frozen=True, slots=True)
class Act:
    """What an operation's body is given: who asks, when, and the transaction to act in."""

    request: Request
    at: datetime
    connection: Connection

    @property
    def operator(self) -> str:
        return self.request.operator


Body = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Operation:
    """A declared act. It cannot be called; the gate takes its body."""

    name: str
    title: str
    effect: Effect
    parameters: tuple[Parameter, ...]
    _body: Body = field(repr=False)


def operation(name: str, *, effect: Effect) -> Callable[[Body], Operation]:
    """Declare the decorated function; its keyword-only, annotated arguments become the parameters.

    The body answers with one line that tells what was done.
    """

    def declare(body: Body) -> Operation:
        title = (inspect.getdoc(body) or name).partition("\n")[0].rstrip(".")
        return Operation(name, title, effect, tuple(_parameters(body)), body)

    return declare


def _parameters(body: Body) -> list[Parameter]:
    hints = get_type_hints(body, include_extras=True)
    found = []
    for argument in inspect.signature(body).parameters.values():
        if argument.kind is not inspect.Parameter.KEYWORD_ONLY:
            continue
        kind, help_text = _annotation(hints[argument.name])
        required = argument.default is inspect.Parameter.empty
        choices = tuple(str(member) for member in kind) if issubclass(kind, StrEnum) else ()
        default = None if required else argument.default
        found.append(Parameter(argument.name, kind, help_text, required, default, choices))
    return found


def _annotation(hint: Any) -> tuple[type[Any], str]:
    help_text = ""
    if get_origin(hint) is Annotated:
        hint, help_text = get_args(hint)[:2]
    options = [part for part in get_args(hint) if part is not type(None)]
    return (options[0] if options else hint), help_text
