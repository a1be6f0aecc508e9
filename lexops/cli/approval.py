"""`lexops approval …`: what waits for somebody else to agree. Refusing is drawn."""

from __future__ import annotations

from typing import Annotated

import typer

from lexops.cli.drawn import Area
from lexops.cli.program import JsonOption, SiteOption, narrate, program
from lexops.cli.request import NumberArgument

commands = typer.Typer(
    cls=Area, help="Approvals: what waits for somebody else to agree.", no_args_is_help=True
)


@commands.command("list")
def list_(
    context: typer.Context,
    all_: Annotated[bool, typer.Option("--all", help="Also those that are decided.")] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """List requests that wait for approval, and broken glass that nobody has reviewed.

    Example: lexops approval list --json
    """
    from lexops.cli.following import every, needing, show_requests
    from lexops.gate.model import State

    opened = program(context).open_site(site)
    if all_:
        views = [view for view in every(opened) if view.approvals_needed or view.break_glass]
    else:
        views = [each for each in needing(opened) if each.state is State.WAITING or each.needs_review]
    show_requests(opened, views, as_json, "nothing waits for approval")


@commands.command()
def show(
    context: typer.Context, number: NumberArgument, site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """Show what somebody wants to have approved: act, arguments, plan, hash, who asked and from where.

    Example: lexops approval show 12
    """
    from lexops.cli.following import show_request

    show_request(program(context).open_site(site), number, as_json)


@commands.command()
def grant(
    context: typer.Context,
    number: NumberArgument,
    hash_: Annotated[
        str | None,
        typer.Option("--hash", metavar="HASH", help="The hash you were shown; another is not approved."),
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why you agree.")] = None,
    key: Annotated[str | None, typer.Option("--key", help="The same key never acts twice.")] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Only show what it would do, and what it needs.")
    ] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a request and approve exactly what was shown; the last approval it needs releases it.

    On a terminal it asks first.

    Example: lexops approval grant 12 --hash 3f9c2a71
    """
    from lexops.cli import asking, following, terminal
    from lexops.cli.proving import Cancelled

    opened = program(context).open_site(site)
    if hash_ is None:
        view, lines = following.described(opened, number)
        for line in lines:
            narrate(line)
        hash_ = view.hash
        if terminal.is_interactive() and not plan:
            if terminal.question("approve this? type yes, nothing to cancel: ").lower() not in ("y", "yes"):
                raise Cancelled
    arguments = {"request": number, "hash": hash_, "reason": reason}
    asking.ask(opened, "approval.grant", arguments, asking.Manner(as_json=as_json, plan_only=plan, key=key))
