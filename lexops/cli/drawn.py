"""Commands drawn from operations: nothing is written twice, so nothing can differ from the declaration."""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from lexops.cli.program import program

if TYPE_CHECKING:
    from lexops.cli.asking import Manner
    from lexops.operations import Operation, Parameter
    from lexops.site import Site

SHORT = {"incident.acknowledge": "ack", "check.acknowledge": "ack"}
"""Names of the command line's contract that are not the last part of the operation's name."""
_AREAS = {"session": "activity"}
"""Groups of commands that are not called like their operations: `lexops session` is what sshd starts."""
_WITHIN = {"calendar": "sla", "policy": "sla", "breach": "sla"}
"""Groups that are part of a greater one: `lexops sla calendar …`."""
_SAMPLES = {
    "target": "billing-db",
    "check": "host.disk-space",
    "incident": "7",
    "request": "12",
    "name": "ana",
    "heartbeat": "nightly-dump",
    "key": "ssh-ed25519 AAAA… ana@laptop",
    "fingerprint": "SHA256:…",
    "minutes": "90",
    "until": "2027-01-04T06:00",
    "freeze": "3",
    "pid": "4711",
    "month": "2026-10",
    "tracker": "jira",
    "zone": "Europe/London",
    "hours": "mon-fri 09:00-17:30",
    "date": "2026-12-24",
    "country": "GB",
    "first": "2027",
    "calendar": "london",
    "jurisdiction": "EU",
    "started": "2026-11-21T13:49:10.123456Z",
    "statement": "2026-11-21T14:01:58.000001Z",
    "to": "article:full-disk",
    "of": "8",
    "into": "8",
    "under": "8",
    "owner": "ana",
    "filter": "priority:P1 -state:waiting sort:breach",
    "contacts": "mail ana@firm.example, pager",
    "entry": "#12",
}
_MORE = {
    "check.acknowledge-all": ("--target", "billing-db"),
    "incident.classify": ("--priority", "P2"),
    "oncall.override": ("--minutes", "240"),
}
"""What an example needs beside what every request has to name."""
_WRITTEN = {"incident.attach": ("7", "slow-queries.txt")}
"""The arguments of commands written by hand, where they are others than the operation's."""
_NAMED = {"article": "full-disk", "calendar": "london", "escalation": "dba", "policy": "standard"}
"""What a `name` is in an area, where it is no operator's."""
_EFFECTS = {
    "read": "Shows what is confidential",
    "change": "Changes something",
    "destroy": "Destroys something: asks for a typed word, where the site says so others have to agree",
}


class Area(TyperGroup):
    """The commands of one area: the ones written by hand, and one for every other operation of that area.

    The operations are only loaded when they are asked for, so that no other command waits for them.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted({*super().list_commands(ctx), *self._drawable(ctx)})

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        written = super().get_command(ctx, cmd_name)
        if written is not None:
            return written
        operation = self._drawable(ctx).get(cmd_name)
        return None if operation is None else draw(operation)

    def _drawable(self, context: Any) -> dict[str, Operation]:
        found = [each for each in program(context).operations() if area(each) == self.name]
        return {verb(operation): operation for operation in found}


def area(operation: Operation) -> str:
    """The group of commands that an operation belongs to."""
    first = operation.name.partition(".")[0]
    return _AREAS.get(first, first)


def path(operation: Operation) -> tuple[str, ...]:
    """The words of an operation's command: `sla calendar set`."""
    group = area(operation)
    return (*([_WITHIN[group]] if group in _WITHIN else []), group, verb(operation))


def verb(operation: Operation) -> str:
    """The name of an operation's command."""
    return SHORT.get(operation.name, operation.name.rpartition(".")[2])


Run = Callable[[typer.Context, "Operation", Mapping[str, Any]], None]
"""What a drawn command does with what was typed."""


def draw(
    operation: Operation, run: Run | None = None, instead: Mapping[str, inspect.Parameter] | None = None
) -> Any:
    """The command that asks for an operation; `run` does so, `instead` draws some arguments otherwise."""
    ask, others = run or run_once, instead or {}

    def command(context: typer.Context, **given: Any) -> None:
        ask(context, operation, given)

    # Typer reads what a command takes from its signature.
    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context),
            *(others.get(each.name) or _drawn(each) for each in operation.parameters),
            *_shared(operation),
        ]
    )
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(verb(operation), help=help_text(operation))(command)
    return typer.main.get_command(app)


def help_text(operation: Operation) -> str:
    """What the operation does, who may ask for it, and an example."""
    whom = f"needs the role {operation.role}" if operation.role else "for every operator"
    weight = "; needs a second factor where the site says so" if operation.critical else ""
    rules = f"{_EFFECTS[operation.effect.value]}; {whom}{weight}."
    told = [f"{operation.title}.", operation.description, rules, f"Example: {example(operation)}"]
    return "\n\n".join(filter(None, told))


def example(operation: Operation) -> str:
    """A line that a person could type."""
    wanted = [each for each in operation.parameters if each.required and not _is_secret(each)]
    words = _WRITTEN.get(operation.name) or [_sample(each, area(operation)) for each in wanted]
    return shlex.join(["lexops", *path(operation), *words, *_MORE.get(operation.name, ())])


def _sample(parameter: Parameter, area: str) -> str:
    if parameter.choices:
        return parameter.choices[0]
    if parameter.name == "name" and area in _NAMED:
        return _NAMED[area]
    known = _SAMPLES.get(parameter.name)
    if known is not None:
        return known
    return "7" if parameter.type in (int, float) else _head(parameter)


def _head(parameter: Parameter) -> str:
    return parameter.help.partition(";")[0].partition(",")[0]


def _is_secret(parameter: Parameter) -> bool:
    return parameter.privacy.value == "secret"


def _drawn(parameter: Parameter) -> inspect.Parameter:
    """One argument: positional when it is needed, else an option; a secret is only named by its file."""
    kind: Any = parameter.type
    name = parameter.name.replace("_", "-")
    default = parameter.default
    info: Any
    if _is_secret(parameter):
        needed = "; asked for on a terminal" if parameter.required else ""
        info = typer.Option(
            f"--{name}-file", metavar="FILE", help=f"File with: {parameter.help}{needed}.", show_default=False
        )
        kind, default = Path | None, None
    elif kind is bool:
        info = typer.Option(f"--{name}/--no-{name}", help=_sentence(parameter))
        default = inspect.Parameter.empty if parameter.required else bool(default)
    elif parameter.required:
        info, default = (
            typer.Argument(metavar=name.upper(), help=_sentence(parameter)),
            inspect.Parameter.empty,
        )
    else:
        names = [f"--{name}", "-t"] if name == "target" else [f"--{name}"]
        info, kind = typer.Option(*names, help=_sentence(parameter)), kind | None
    return inspect.Parameter(
        parameter.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, info]
    )


def _sentence(parameter: Parameter) -> str:
    """What an argument is; where that begins with what could be typed, it stays as it is typed."""
    head = _head(parameter)
    if parameter.required and head != "why" and (" " not in head or "@" in head):
        return f"{parameter.help}."
    return f"{parameter.help[:1].upper()}{parameter.help[1:]}."


def _shared(operation: Operation) -> list[inspect.Parameter]:
    """The options that every command has; `request-` goes before one whose name an argument has."""
    taken = {parameter.name.replace("_", "-") for parameter in operation.parameters}
    options: list[tuple[str, Any, Any, str, str | None]] = [
        ("site", Path | None, None, "The site's lexops.toml, or its folder.", "FILE"),
        ("json", bool, False, "Data for programs on standard output.", None),
        ("plan", bool, False, "Only show what it would do, and what it needs.", None),
        ("key", str | None, None, "The same key never acts twice.", "KEY"),
    ]
    if operation.effect.value == "destroy":
        options.append(("confirm", str, "", "The word that a terminal would ask for.", "WORD"))
    if operation.effect.value == "destroy" or operation.reaches_target:
        options.append(("break-glass", str, "", "Why it cannot wait; everybody is alarmed.", "REASON"))
    if operation.reaches_target:
        options.append(
            ("wait/--no-wait", bool | None, None, "Wait until it is over; so on a terminal.", None)
        )
    shared = []
    for name, kind, default, text, metavar in options:
        free = f"request-{name}" if name in taken else name
        info = typer.Option(f"--{free}", help=text, metavar=metavar, show_default=False)
        shared.append(
            inspect.Parameter(
                _SHARED + name.partition("/")[0].replace("-", "_"),
                inspect.Parameter.KEYWORD_ONLY,
                default=default,
                annotation=Annotated[kind, info],
            )
        )
    return shared


_SHARED = "lexops_"
"""Before the names of what every command has, so that no argument can have the same one."""


def run_once(context: typer.Context, operation: Operation, given: Mapping[str, Any]) -> None:
    """Ask for one act. Raises LexOpsError, or ends the command with the exit code of what came of it."""
    from lexops.cli import asking

    arguments, manner = typed(given)
    for parameter in operation.parameters:
        if _is_secret(parameter) and not manner.plan_only:
            arguments[parameter.name] = _secret(parameter, arguments[parameter.name])
    asking.ask(site_of(context, given), operation.name, arguments, manner)


def site_of(context: typer.Context, given: Mapping[str, Any]) -> Site:
    """The site that was named, or the one that is found. Raises ConfigError or StoreError."""
    return program(context).open_site(given[f"{_SHARED}site"])


def typed(given: Mapping[str, Any]) -> tuple[dict[str, Any], Manner]:
    """The arguments that were typed, and how it is asked."""
    from lexops.cli.asking import Manner

    arguments = {name: value for name, value in given.items() if not name.startswith(_SHARED)}
    return arguments, Manner(
        as_json=given[f"{_SHARED}json"],
        plan_only=given[f"{_SHARED}plan"],
        key=given[f"{_SHARED}key"],
        confirm=given.get(f"{_SHARED}confirm", ""),
        break_glass=given.get(f"{_SHARED}break_glass", ""),
        wait=given.get(f"{_SHARED}wait"),
    )


def _secret(parameter: Parameter, file: Path | None) -> str | None:
    """A secret from its file, or typed without being seen; never from the command line, which others see."""
    from lexops.cli import terminal
    from lexops.errors import InvalidRequest

    if file is not None:
        return terminal.read_file(file)
    if not parameter.required:
        return None
    if not terminal.is_interactive():
        name = parameter.name.replace("_", "-")
        raise InvalidRequest(f"{name} is asked for on a terminal", hint=f"without one: --{name}-file FILE")
    return terminal.hidden(f"{parameter.help}: ")
