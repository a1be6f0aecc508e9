"""`lexops check triage`, `tree` and `quiet`: the twins of the console's pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from lexops.cli.program import JsonOption, SiteOption, leave, program, say, say_json, say_table

if TYPE_CHECKING:
    from lexops.checks.view import QuietSpan
    from lexops.site import Site


def triage(
    context: typer.Context,
    target: Annotated[str, typer.Argument(help="Name of the target.")],
    check: Annotated[str, typer.Argument(help="Name of the check.")],
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show why a check fails: evidence, cause, changes before, its meaning, what to do; exit 1 when it fails.

    Example: lexops check triage billing-db postgresql.blocked-sessions
    """
    from lexops.cli import present
    from lexops.cli import present_triage as presented

    opened = program(context).open_site(site)
    opened.assign_checks()
    found = opened.triage(target, check)
    if as_json:
        say_json(presented.triage_json(found))
    else:
        for line in presented.triage_lines(found, opened.clock.now(), opened.file.zone):
            say(line)
    leave(present.exit_code([found.detail.row]))


def tree(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Checks that are well, too.")] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what runs where: hosts, what depends on them, and the checks that fail there.

    Example: lexops check tree --all
    """
    from lexops.checks.tree import tree as grown
    from lexops.cli import present
    from lexops.cli import present_triage as presented

    opened = program(context).open_site(site)
    opened.assign_checks()
    fleet = opened.fleet()
    nodes = grown(fleet, opened.hosts)
    if as_json:
        say_json({"targets": presented.tree_json(nodes, everything)})
    else:
        for line in presented.tree_lines(nodes, everything, fleet.at):
            say(line)
    leave(present.exit_code(fleet.checks))


def quiet(context: typer.Context, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Show downtimes, silences and freezes that are on or still come.

    Example: lexops check quiet --json
    """
    opened = program(context).open_site(site)
    show_quiet(opened, opened.quiet(), as_json, "no downtime, silence or freeze is on or announced")


def show_quiet(site: Site, spans: Sequence[QuietSpan], as_json: bool, nothing: str) -> None:
    """Print spans in which failing means less, or `nothing`."""
    from lexops.cli import present_triage as presented

    if as_json:
        say_json({"quiet": [presented.quiet_json(span) for span in spans]})
        return
    say_table((presented.quiet_row(span, site.file.zone) for span in spans), nothing=nothing)
