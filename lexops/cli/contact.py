"""`lexops contact …`: how people are reached; changing and trying it is drawn."""

from __future__ import annotations

from typing import Annotated

import typer

from lexops.cli.drawn import Area
from lexops.cli.program import JsonOption, SiteOption, program, say, say_json, say_table
from lexops.errors import InvalidRequest

commands = typer.Typer(
    cls=Area, help="How people are reached, and when they are not to be.", no_args_is_help=True
)


@commands.command("list")
def list_(context: typer.Context, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List who is reached how: every operator, and the audiences. Addresses are masked.

    Example: lexops contact list
    """
    from lexops.auth import store as people
    from lexops.cli import present_outbox as present
    from lexops.outbox import store
    from lexops.outbox.model import Recipient, RecipientKind

    opened = program(context).open_site(site)
    now = opened.clock.now()
    with opened.store.read() as connection:
        contacts, habits = store.all_contacts(connection), store.all_habits(connection)
        active = [each.name for each in people.operators(connection) if each.is_active(now)]
    everybody = {*contacts, *habits, *(Recipient(RecipientKind.OPERATOR, name) for name in active)}
    owners = sorted(everybody, key=lambda each: (each.kind is RecipientKind.AUDIENCE, each.name))
    if as_json:
        rows = [present.contact_json(each, contacts.get(each, ()), habits.get(each)) for each in owners]
        say_json({"contacts": rows})
        return
    lines = [present.contact_row(each, contacts.get(each, ()), habits.get(each)) for each in owners]
    say_table(lines, present.CONTACT_HEAD)


@commands.command()
def show(
    context: typer.Context,
    owner: Annotated[
        str | None, typer.Argument(metavar="NAME", help="An operator, or audience:NAME; else yourself.")
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how somebody is reached: the contacts in order, quiet hours. Your own addresses are shown in full.

    Example: lexops contact show
    """
    from lexops.cli import present_outbox as present
    from lexops.outbox import notation, store
    from lexops.outbox.model import Recipient, RecipientKind

    opened = program(context).open_site(site)
    mine = Recipient(RecipientKind.OPERATOR, opened.session.operator)
    try:
        whom = notation.parse_owner(owner, opened.session.operator)
    except notation.Unreadable as error:
        raise InvalidRequest(f"NAME: {error}", hint=error.hint) from None
    with opened.store.read() as connection:
        contacts, habits = store.contacts(connection, whom), store.habits(connection, whom)
        why = store.reachable(connection, opened.file, whom, opened.clock.now())
    if as_json:
        say_json(present.contact_json(whom, contacts, habits, in_full=whom == mine) | {"unreachable": why})
        return
    for line in present.contact_lines(whom, contacts, habits, why, in_full=whom == mine):
        say(line)
