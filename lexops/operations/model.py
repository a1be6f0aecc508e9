"""An operation is one act, declared once as a typed function plus data. Doors draw it, the gate runs it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from lexops.config import SiteFile
    from lexops.privacy.keyring import Keyring


class Role(StrEnum):
    """What an operator is here for."""

    SUPPORT = "support"
    ADMINISTRATOR = "administrator"
    MANAGER = "manager"
    AUDITOR = "auditor"


class Effect(StrEnum):
    """What an operation does to the world. A READ is one of confidential content; other reads are no acts."""

    READ = "read"
    CHANGE = "change"
    DESTROY = "destroy"


class Privacy(StrEnum):
    """How an argument is kept: as it is, sealed (the record holds a commitment), or not at all."""

    OPEN = "open"
    PERSONAL = "personal"
    SECRET = "secret"


LONGEST = 10_000
"""Characters of one text argument, unless it is declared with another :class:`Longest`."""


@dataclass(frozen=True, slots=True)
class Longest:
    """How many characters a text argument may have: `Annotated[str, "the file", Longest(200_000)]`."""

    characters: int


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of an operation, enough for a command-line option, a form field or a JSON Schema."""

    name: str
    type: type[Any]
    help: str
    required: bool
    default: object = None
    choices: tuple[str, ...] = ()
    privacy: Privacy = Privacy.OPEN
    longest: int = LONGEST


@dataclass(frozen=True, slots=True)
class Request:
    """An act somebody asks for: plain data, so that it can be stored, approved and repeated."""

    operation: str
    arguments: Mapping[str, object]
    operator: str
    door: str
    key: str
    """Unique per intent; the same key never acts twice."""
    session: str = ""
    fingerprint: str | None = None
    """Of the SSH key that opened the session."""
    read_only: bool = False
    """Whether the session was opened for looking only."""
    confirmed: str = ""
    """What the person typed to confirm a destructive act."""
    break_glass: str = ""
    """Why it cannot wait for approval; empty when it can."""


@dataclass(frozen=True, slots=True)
class Act:
    """What an operation's body is given: who asks, when, and the transaction to act in."""

    request: Request
    at: datetime
    connection: Connection
    file: SiteFile
    keyring: Keyring
    """Seals what must be kept but not be read by everyone."""
    operator_id: str = ""
    """The pseudonym under which the record knows the operator."""

    @property
    def operator(self) -> str:
        return self.request.operator


@dataclass(frozen=True, slots=True)
class Doing:
    """What a plan or a step is given: it may reach targets, and has no transaction of the store."""

    key: str
    """Unique per request; what a step changes is made idempotent by it."""
    at: datetime
    file: SiteFile
    say: Callable[[str], None] = lambda _line: None
    """Tells how far it is; one line."""


class Interrupted(StrEnum):
    """What is known of a step that was under way when its process died."""

    DONE = "done"
    RERUN = "rerun"
    ASK = "ask"


Body = Callable[..., str]
Plan = Callable[..., Sequence[str]]
Inspection = Callable[..., Interrupted]


@dataclass(frozen=True, slots=True)
class Step:
    """One durable part of an act on a target. It may run more than once; a finished one never runs again."""

    name: str
    title: str
    interrupted: Interrupted | Inspection
    """What to do with a step that was cut off: a rule, or a look that tells."""
    _body: Body = field(repr=False)


@dataclass(frozen=True, slots=True)
class Operation:
    """A declared act. It cannot be called; the gate takes its body."""

    name: str
    title: str
    """A few words, for a button."""
    description: str
    """The rest of the docstring."""
    role: Role | None
    """Who may ask for it at least; None is every operator."""
    effect: Effect
    parameters: tuple[Parameter, ...]
    critical: bool
    """Whether it is on the sealed record before it happens, and needs a second factor."""
    steps: tuple[Step, ...]
    """What it does on targets, durably, before its body records it."""
    _plan: Plan | None = field(repr=False)
    _body: Body = field(repr=False)

    @property
    def reaches_target(self) -> bool:
        """Whether it acts on what is operated, and not only on LexOps' own records."""
        return bool(self.steps)


def operation(
    name: str,
    *,
    role: Role | None,
    effect: Effect,
    critical: bool = False,
    plan: Plan | None = None,
    steps: Sequence[Step] = (),
) -> Callable[[Body], Operation]:
    """Declare the decorated function; its keyword-only, annotated arguments become the parameters.

    The body acts on LexOps' own records, in one transaction with the act's record, and answers with one line
    that tells what was done. What is to be done on a target is declared as `steps`, which run before it. The
    argument called `target` names what is acted on.
    """

    def declare(body: Body) -> Operation:
        title, _, rest = (inspect.getdoc(body) or name).partition("\n")
        parameters = tuple(_parameters(body))
        if steps and any(parameter.privacy is Privacy.SECRET for parameter in parameters):
            raise TypeError(f"{name}: secrets are never kept, so an operation with steps cannot take one")
        weighty = critical or effect is not Effect.CHANGE
        words = " ".join(rest.split())
        return Operation(
            name, title.rstrip("."), words, role, effect, parameters, weighty, tuple(steps), plan, body
        )

    return declare


def step(*, interrupted: Interrupted | Inspection) -> Callable[[Body], Step]:
    """Declare the decorated function as a step; its arguments are those of the operation that has it.

    `interrupted` tells what becomes of the step when its process died in the middle: run it again (it is
    idempotent by the request's key), ask a person, or a function of the same arguments that looks and tells.
    """

    def declare(body: Body) -> Step:
        title = (inspect.getdoc(body) or body.__name__).partition("\n")[0].rstrip(".")
        return Step(body.__name__.strip("_"), title, interrupted, body)

    return declare


def _parameters(body: Body) -> list[Parameter]:
    hints = get_type_hints(body, include_extras=True)
    found = []
    for argument in inspect.signature(body).parameters.values():
        if argument.kind is not inspect.Parameter.KEYWORD_ONLY:
            continue
        kind, help_text, privacy, longest = _annotation(hints[argument.name])
        required = argument.default is inspect.Parameter.empty
        choices = tuple(str(member) for member in kind) if issubclass(kind, StrEnum) else ()
        default = None if required else argument.default
        found.append(Parameter(argument.name, kind, help_text, required, default, choices, privacy, longest))
    return found


def _annotation(hint: Any) -> tuple[type[Any], str, Privacy, int]:
    help_text, privacy, longest = "", Privacy.OPEN, LONGEST
    if get_origin(hint) is Annotated:
        hint, help_text, *more = get_args(hint)
        privacy = next((each for each in more if isinstance(each, Privacy)), Privacy.OPEN)
        longest = next((each.characters for each in more if isinstance(each, Longest)), LONGEST)
    options = [part for part in get_args(hint) if part is not type(None)]
    return (options[0] if options else hint), help_text, privacy, longest
