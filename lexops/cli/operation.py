"""`lexops operation …`: everything that can be done, as declared."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from lexops.cli.program import JsonOption, SiteOption, program, say, say_json, say_table

commands = typer.Typer(help="Operations: the acts that pass the gate.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the operation: incident.open.")]


class Format(StrEnum):
    """How the list is written."""

    TEXT = "text"
    MARKDOWN = "markdown"


@commands.command("list")
def list_(
    context: typer.Context,
    format_: Annotated[
        Format, typer.Option("--format", help="markdown is docs/operations.md.")
    ] = Format.TEXT,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """List all operations: who may ask for them, what they do to the world, their parameters.

    Example: lexops operation list --json
    """
    from lexops.cli import present_operations as present
    from lexops.operations import Catalogue

    catalogue = Catalogue(program(context).operations())
    if as_json:
        say_json({"operations": [present.operation_json(each) for each in catalogue]})
    elif format_ is Format.MARKDOWN:
        say(present.markdown(catalogue).rstrip())
    else:
        say_table(present.operation_row(each) for each in catalogue)


@commands.command()
def show(
    context: typer.Context, name: NameArgument, site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """Show an operation: what it does, who may ask for it, its parameters and its steps.

    Example: lexops operation show incident.open
    """
    from lexops.cli import present_operations as present
    from lexops.operations import Catalogue

    found = Catalogue(program(context).operations()).find(name)
    if as_json:
        say_json(present.operation_json(found))
        return
    say_table(present.operation_lines(found))


@commands.command()
def schema(context: typer.Context, name: NameArgument, site: SiteOption = None) -> None:
    """Print the JSON Schema of an operation's arguments.

    Example: lexops operation schema incident.open
    """
    from lexops.cli import present_operations as present
    from lexops.operations import Catalogue

    say_json(present.schema(Catalogue(program(context).operations()).find(name)))
