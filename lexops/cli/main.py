"""The command line's entry: commands, and how every failure ends."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from lexops import __version__, crash
from lexops.cli import check, incident, operation
from lexops.cli.console import open_console
from lexops.cli.demo import demo
from lexops.cli.init import init
from lexops.cli.program import Program, SiteOption, narrate, say
from lexops.cli.status import status
from lexops.cli.work import worker
from lexops.errors import Exit, LexOpsError

cli = typer.Typer(
    name="lexops",
    help="The operations console for legal billing systems.",
    epilog="Without a command, LexOps opens the console. Look around first with: lexops demo",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
cli.command()(demo)
cli.command()(init)
cli.command()(status)
cli.command()(worker)
cli.add_typer(check.commands, name="check")
cli.add_typer(incident.commands, name="incident")
cli.add_typer(operation.commands, name="operation")


@cli.callback(invoke_without_command=True)
def console(
    context: typer.Context,
    site: SiteOption = None,
    version: Annotated[bool, typer.Option("--version", help="Show the version and end.")] = False,
) -> None:
    """The operations console for legal billing systems."""
    if version:
        say(f"lexops {__version__}")
        raise typer.Exit(0)
    if context.invoked_subcommand is None:
        open_console(context.obj, site)


def run(program: Program) -> None:
    """Run a command and end the process with the contract's exit code and one line per failure."""
    try:
        sys.exit(cli(obj=program, standalone_mode=False) or 0)
    except typer.TyperException as error:
        where = getattr(error, "ctx", None)
        _fail(error.format_message(), f"see: {where.command_path} --help" if where else "", Exit.USAGE)
    except (typer.Abort, KeyboardInterrupt):
        _fail("interrupted; nothing was left half done", "", Exit.INTERRUPTED)
    except LexOpsError as error:
        _fail(str(error), error.hint, error.exit)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(Exit.INTERRUPTED)
    except Exception as error:
        _fail(crash.sentence(crash.keep(error)), "", Exit.USAGE)


def _fail(message: str, hint: str, code: Exit) -> None:
    narrate(f"error: {message}")
    if hint:
        narrate(f"hint: {hint}")
    sys.exit(int(code))
