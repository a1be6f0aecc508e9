"""`lexops outbox …`: what was sent to whom, and whether it arrived; sending again and dropping is drawn."""

from __future__ import annotations

from typing import Annotated

import typer

from lexops.cli.drawn import Area
from lexops.cli.program import JsonOption, SiteOption, leave, numbered, program, say, say_json, say_table
from lexops.errors import Exit

commands = typer.Typer(cls=Area, help="What was sent to whom, and whether it arrived.", no_args_is_help=True)


@commands.command("list")
def list_(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Also what was delivered or cancelled.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="Only what nobody took.")] = False,
    subject: Annotated[
        str | None, typer.Option("--subject", metavar="SUBJECT", help="Only about this: incident/41.")
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """List messages, the newest first: what waits and what has failed.

    Ends with 1 when something failed that nobody has answered for, or should have gone long ago.

    Example: lexops outbox list --subject incident/41 --all
    """
    from lexops.cli import present_outbox as present
    from lexops.outbox import store
    from lexops.outbox.health import health
    from lexops.outbox.model import State

    opened = program(context).open_site(site)
    states = {State.FAILED} if failed else {State.WAITING, State.SENDING, State.FAILED}
    now = opened.clock.now()
    with opened.store.read() as connection:
        wanted = None if every and not failed else states
        found = store.messages(connection, subject=subject, states=wanted, limit=None)
        standing = health(connection, now)
    if as_json:
        say_json({"messages": [present.message_json(each, now) for each in found]})
    else:
        none = "there are no messages" if every or subject else "nothing waits and nothing has failed"
        say_table((present.message_row(each, now) for each in found), present.HEAD, none)
    troubled = {each.id for each in (*standing.failed, *standing.overdue)}
    leave(Exit.PROBLEMS if troubled & {each.id for each in found} else Exit.OK)


@commands.command()
def show(
    context: typer.Context,
    message: Annotated[int, numbered("ID", "Number of the message.")],
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a message: what it says, and every attempt with its proof or the reason. Addresses are masked.

    Example: lexops outbox show 7
    """
    from lexops.cli import present_outbox as present
    from lexops.outbox import store

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        found = store.message(connection, message)
    now = opened.clock.now()
    if as_json:
        say_json(present.view_json(found, now))
        return
    for line in present.message_lines(found, opened.file.zone, now):
        say(line)


@commands.command()
def check(context: typer.Context, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Look whether people would be told: texts, channels and their secrets, last resort, contacts.

    Nothing is sent. Ends with 2 when lexops.toml or a text has to be mended, with 1 when contacts are
    missing.

    Example: lexops outbox check
    """
    from lexops.outbox.review import review

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        faults = review(connection, opened.file, opened.clock.now())
    if as_json:
        say_json({"faults": [{"where": each.where, "what": each.what} for each in faults]})
    elif faults:
        say_table((each.where, each.what) for each in faults)
    else:
        say("everybody can be told; try it with: lexops contact test")
    if any(each.is_setting for each in faults):
        leave(Exit.USAGE)
    leave(Exit.PROBLEMS if faults else Exit.OK)
