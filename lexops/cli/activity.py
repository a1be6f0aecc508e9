"""`lexops activity …`: what goes on in a database now, who holds up whom, and the two ways to end it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lexops.cli.drawn import Area
from lexops.cli.program import JsonOption, SiteOption, leave, narrate, program, say, say_json, say_table


class _Targets(Area):
    """A word that is no command is a target: `lexops activity billing-db` shows it."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            args = ["show", *args]
        return super().resolve_command(ctx, args)


commands = typer.Typer(
    cls=_Targets,
    help="Activity: sessions, who holds up whom, and the two ways to end it. Shows TARGET without a command.",
    no_args_is_help=True,
)


@commands.command()
def show(
    context: typer.Context,
    target: Annotated[str, typer.Argument(help="Name of the database.")],
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the sessions of a database and who holds up whom; exit 3 when they cannot be seen.

    Statements are shown without their values. Example: lexops activity billing-db --json
    """
    from lexops.activity.watch import look_once
    from lexops.cli import present_activity as present
    from lexops.errors import Exit

    opened = program(context).open_site(site)
    seen = look_once(opened.file, target)
    if as_json:
        say_json(present.activity_json(seen))
    else:
        for line in present.tree_lines(seen):
            say(line)
        say_table(present.session_row(each) for each in present.in_order(seen))
        if not seen.sessions and not seen.unseen:
            narrate("no sessions but our own")
    if seen.unseen:
        narrate(f"cannot see: {seen.unseen}")
    if seen.grant:
        narrate(f"hint: {seen.grant}")
    leave(Exit.UNREACHABLE if seen.unseen else Exit.OK)
