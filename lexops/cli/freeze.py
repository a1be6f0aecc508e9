"""`lexops freeze …`: spans in which nothing is changed on targets; starting and ending them is drawn."""

from __future__ import annotations

import typer

from lexops.cli.drawn import Area
from lexops.cli.program import JsonOption, SiteOption, program

commands = typer.Typer(cls=Area, help="Freezes: no changes on targets for a while.", no_args_is_help=True)


@commands.command("list")
def list_(context: typer.Context, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List the freezes that are in force or still come, those of lexops.toml too.

    Example: lexops freeze list --json
    """
    from lexops.cli.triage import show_quiet

    opened = program(context).open_site(site)
    spans = [span for span in opened.quiet() if span.kind == "freeze"]
    show_quiet(opened, spans, as_json, "no freeze is in force or announced")
