"""Acts on several incidents: `lexops incident ack 41 43-47`. One request for each, each told apart."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lexops.cli.drawn import Area, draw, run_once, site_of, typed
from lexops.cli.program import leave, narrate, say, say_json
from lexops.errors import Exit, LexOpsError

if TYPE_CHECKING:
    from lexops.cli.asking import Manner
    from lexops.operations import Operation
    from lexops.site import Site

NUMBER = "incident"
_NUMBERS = inspect.Parameter(
    NUMBER,
    inspect.Parameter.KEYWORD_ONLY,
    annotation=Annotated[
        list[str], typer.Argument(metavar="INCIDENT", help="Numbers of the incidents: 41, or 41 43-47.")
    ],
)


class Several(Area):
    """An area whose acts take several incidents."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        operation = None if cmd_name in self.commands else self._drawable(ctx).get(cmd_name)
        if operation is None or not _takes_one(operation):
            return super().get_command(ctx, cmd_name)
        return draw(operation, run, {NUMBER: _NUMBERS})


def _takes_one(operation: Operation) -> bool:
    return any(each.name == NUMBER and each.required for each in operation.parameters)


def run(context: typer.Context, operation: Operation, given: Mapping[str, Any]) -> None:
    """Ask for an act on each incident that was named. Ends with the exit code of the first that failed."""
    from lexops.incidents.query import numbers

    named = numbers(given[NUMBER])
    if len(named) == 1:
        run_once(context, operation, {**given, NUMBER: named[0]})
        return
    arguments, manner = typed(given)
    site = site_of(context, given)
    codes: dict[int, Exit] = {}
    told: list[dict[str, object]] = []
    for number in named:
        code, answer = _ask(site, operation.name, {**arguments, NUMBER: number}, manner)
        codes[number] = code
        told.append({"incident": number, "exit": int(code), "answer": answer})
        if not manner.as_json:
            _tell(number, code, answer)
    if manner.as_json:
        say_json({"results": told})
    failed = [number for number, code in codes.items() if code is not Exit.OK]
    if failed:
        narrate(f"{len(named) - len(failed)} done, {len(failed)} not")
        leave(codes[failed[0]])


def _tell(number: int, code: Exit, answer: str) -> None:
    if code is Exit.OK:
        say(answer)
    else:
        narrate(f"error: #{number}: {answer}")


def _ask(site: Site, operation: str, arguments: Mapping[str, object], manner: Manner) -> tuple[Exit, str]:
    from lexops.cli import asking
    from lexops.cli.following import exit_of

    number = arguments[NUMBER]
    key = f"{manner.key}-{number}" if manner.key else None
    try:
        if manner.plan_only:
            asking.ask(site, operation, arguments, replace(manner, as_json=False))
            return Exit.OK, f"#{number}"
        answer = asking.submit(site, site.request(operation, arguments, asking.DOOR, key=key))
    except LexOpsError as error:
        return error.exit, str(error)
    return exit_of(answer.state), answer.text
