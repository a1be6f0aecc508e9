"""`lexops request …`: what was asked for and where it stands; stopping, resuming, reviewing is drawn."""

from __future__ import annotations

from typing import Annotated

import typer

from lexops.cli.drawn import Area
from lexops.cli.program import JsonOption, SiteOption, leave, numbered, program, say, say_json

commands = typer.Typer(
    cls=Area, help="Requests: what was asked for, and where it stands.", no_args_is_help=True
)

NumberArgument = Annotated[int, numbered("NUMBER", "Number of the request.")]


@commands.command("list")
def list_(
    context: typer.Context,
    all_: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """List requests that are under way or need somebody.

    Example: lexops request list --all
    """
    from lexops.cli.following import every, needing, show_requests, under_way

    opened = program(context).open_site(site)
    views = every(opened) if all_ else [*needing(opened), *under_way(opened)]
    show_requests(opened, views, as_json, "nothing is under way")


@commands.command()
def show(
    context: typer.Context, number: NumberArgument, site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """Show a request: the act, its plan, who asked, who agreed, and how far it is.

    Example: lexops request show 12
    """
    from lexops.cli.following import show_request

    show_request(program(context).open_site(site), number, as_json)


@commands.command()
def follow(
    context: typer.Context, number: NumberArgument, site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """Follow a request until it is over; exit 0 when it is done, 1 when it failed, 4 when it was given up.

    Example: lexops request follow 12
    """
    from lexops.cli import following
    from lexops.cli import present_requests as present

    ended = following.follow(program(context).open_site(site), number)
    if as_json:
        say_json(present.request_json(ended))
    else:
        say(present.ending(ended))
    leave(following.exit_of(ended.state))
