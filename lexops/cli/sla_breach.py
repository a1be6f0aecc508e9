"""`lexops sla breach …`: breaches of data and whom the law wants told; why promises were broken."""

from __future__ import annotations

from typing import Annotated

import typer

from lexops.cli.drawn import Area
from lexops.cli.program import JsonOption, SiteOption, leave, numbered, program, say, say_json, say_table
from lexops.errors import Exit, NotFound

commands = typer.Typer(
    cls=Area,
    help="Breaches: of data, with whom the law wants told by when; of promises, with who broke them.",
    no_args_is_help=True,
)


@commands.command("list")
def list_(context: typer.Context, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Show the register of breaches of data: who knew when, who is to be told by when, who was.

    Exit 1 when a notice is overdue. Example: lexops sla breach list --json
    """
    from lexops.cli import present_sla as present
    from lexops.sla.register import register

    opened = program(context).open_site(site)
    now = opened.clock.now()
    with opened.store.read() as connection:
        found = register(connection, now)
    if as_json:
        say_json({"breaches": [present.duty_json(duty, now) for duty in found]})
    else:
        rows = (present.duty_row(duty, now, opened.file.zone) for duty in found)
        say_table(rows, present.DUTIES, "no breach of data is recorded")
    overdue = any(duty.notified is None and duty.is_late(now) for duty in found)
    leave(Exit.PROBLEMS if overdue else Exit.OK)


@commands.command("jurisdictions")
def jurisdictions_(context: typer.Context, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Show the table of laws: within what time who is to be told of a breach of data. No legal advice.

    What was not verified stands in the notes, which --json shows. Example: lexops sla breach jurisdictions
    """
    from lexops.cli import present_sla as present
    from lexops.sla.legal import jurisdictions

    known = jurisdictions().values()
    if as_json:
        say_json({"jurisdictions": [present.jurisdiction_json(law) for law in known]})
        return
    say_table((present.jurisdiction_row(law) for law in known), present.JURISDICTIONS)


@commands.command("draft")
def draft_(
    context: typer.Context,
    number: Annotated[int, numbered("NUMBER", "Number of the incident.")],
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the facts of a notice from the record, without client data; what is missing is named as a gap.

    Example: lexops sla breach draft 7
    """
    from lexops.incidents import store
    from lexops.sla.duty import duties
    from lexops.sla.notice import draft

    opened = program(context).open_site(site)
    now = opened.clock.now()
    with opened.store.read() as connection:
        incident = store.get(connection, number)
        entries = store.timeline(connection, number)
    found = duties(incident, entries, now)
    if not found:
        raise NotFound(
            f"nobody has recorded a breach of data for incident #{number}",
            hint=f"first: lexops sla breach aware {number} EU …",
        )
    lines = draft(incident, entries, found, now, opened.file.zone)
    if as_json:
        say_json({"incident": number, "lines": lines})
        return
    for line in lines:
        say(line)
