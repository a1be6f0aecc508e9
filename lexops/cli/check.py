"""`lexops check …`: list, show and run checks; what else is done with them is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lexops.cli.drawn import Area
from lexops.cli.program import JsonOption, SiteOption, leave, narrate, program, say, say_json, table

if TYPE_CHECKING:
    from lexops.checks.view import CheckDetail
    from lexops.site import Site

commands = typer.Typer(cls=Area, help="Checks: what is looked at, and what came out.", no_args_is_help=True)

TargetOption = Annotated[str | None, typer.Option("--target", "-t", help="Only this target.")]
CheckArgument = Annotated[str | None, typer.Argument(help="A check, or the beginning of its name (billing).")]


@commands.command("list")
def list_(
    context: typer.Context, target: TargetOption = None, site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """List the checks of this site with their state.

    Example: lexops check list --target billing-db
    """
    from lexops.cli import present

    opened = program(context).open_site(site)
    opened.assign_checks()
    fleet = opened.fleet()
    rows = [row for row in fleet.checks if target in (None, row.target)]
    if as_json:
        say_json({"checks": [present.check_json(row) for row in rows], "broken": dict(fleet.broken_plugins)})
        return
    for line in table(present.problem_row(row, fleet.at) for row in rows):
        say(line)
    for name, reason in fleet.broken_plugins.items():
        narrate(f"broken and left out: {name}: {reason}")


@commands.command()
def run(
    context: typer.Context,
    check: CheckArgument = None,
    target: TargetOption = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run checks now and show what they found; exit 1 when there are problems, 3 when something was not seen.

    Examples: lexops check run        lexops check run billing --json
    """
    from lexops.cli import background, present

    opened = program(context).open_site(site)
    background.run_checks(opened, target, check)
    details = opened.details(target, check)
    if as_json:
        say_json({"checks": [present.detail_json(detail) for detail in details]})
    else:
        details.sort(key=lambda d: -(d.row.status.rank if d.row.status else 0))
        for line in table(present.problem_row(d.row, opened.clock.now()) for d in details):
            say(line)
    leave(present.exit_code(detail.row for detail in details))


@commands.command()
def show(
    context: typer.Context,
    check: Annotated[str, typer.Argument(help="Name of the check.")],
    target: TargetOption = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Explain a check: what it means, its limits and their source, what to do, and its state here.

    Example: lexops check show billing.invoice-total
    """
    from lexops.cli import present
    from lexops.errors import NotFound

    opened = program(context).open_site(site)
    opened.assign_checks()
    details = [detail for detail in opened.details(target, check) if detail.row.check == check]
    if not details:
        raise NotFound(f"no target of this site has a check {check!r}", hint="see: lexops check list")
    definition = details[0].definition
    if as_json:
        document = present.definition_json(definition)
        say_json(document | {"states": [present.detail_json(detail) for detail in details]})
        return
    for line in table(present.definition_lines(definition)):
        say(line)
    for detail in details:
        _say_state(opened, detail)


def _say_state(site: Site, detail: CheckDetail) -> None:
    from lexops.cli import present

    say()
    for line in table([present.problem_row(detail.row, site.clock.now())]):
        say(line)
    for judged in detail.judged:
        say(f"  {judged.status.value:<9} {judged.text}")
    for finding in detail.findings:
        say(f"  {finding.status.value:<9} {finding.text}")
    for note in detail.notes:
        say(f"  {note.label}: {note.text}" if note.label else f"  {note.text}")
    if detail.hint:
        say(f"  hint: {detail.hint}")
