"""`lexops schedule …`: what runs by the clock, and running it now."""

from __future__ import annotations

from typing import Annotated

import typer

from lexops.cli.drawn import Area
from lexops.cli.program import JsonOption, SiteOption, program, say_json, say_table
from lexops.errors import NotFound

commands = typer.Typer(cls=Area, help="Schedules: what runs by the clock.", no_args_is_help=True)


@commands.command("list")
def list_(context: typer.Context, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List the schedules: what they run as whom, when last and with what outcome, when next, what was missed.

    Example: lexops schedule list --json
    """
    from lexops.cli import present_schedules as present
    from lexops.schedules.model import schedules
    from lexops.schedules.store import views

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        found = views(connection, schedules(opened.file), opened.clock.now())
    if as_json:
        say_json({"schedules": [present.schedule_json(view) for view in found]})
        return
    rows = (present.schedule_row(view, opened.file.zone) for view in found)
    say_table(rows, present.HEAD, "the site has no schedules; see docs/worker.md")


@commands.command()
def run(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the schedule.")],
    plan: Annotated[
        bool, typer.Option("--plan", help="Only show what it would do, and what it needs.")
    ] = False,
    key: Annotated[str | None, typer.Option("--key", help="The same key never acts twice.")] = None,
    confirm: Annotated[
        str, typer.Option("--confirm", metavar="WORD", help="The word that a terminal would ask for.")
    ] = "",
    wait: Annotated[
        bool | None, typer.Option("--wait/--no-wait", help="Wait until it is over; so on a terminal.")
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run now what a schedule runs, with your rights; when it is next due does not change.

    Example: lexops schedule run nightly-check
    """
    from lexops.cli import asking

    opened = program(context).open_site(site)
    known = opened.file.settings.schedules
    found = known.get(name)
    if found is None:
        hint = f"there are: {', '.join(known)}" if known else "the site has none; see docs/worker.md"
        raise NotFound(f"there is no schedule {name!r}", hint=hint)
    manner = asking.Manner(as_json=as_json, plan_only=plan, key=key, confirm=confirm, wait=wait)
    asking.ask(opened, found.operation, found.arguments, manner)
