"""The command line's entry: commands, and how every failure ends."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from lexops import __version__, crash
from lexops.cli import (
    activity,
    approval,
    audit,
    check,
    demo,
    incident,
    operation,
    operator,
    request,
    schedule,
    work,
)
from lexops.cli.console import open_console
from lexops.cli.init import init
from lexops.cli.program import Program, SiteOption, narrate, say
from lexops.cli.serve import serve
from lexops.cli.session import session
from lexops.cli.status import status
from lexops.errors import Exit, LexOpsError

cli = typer.Typer(
    name="lexops",
    help="The operations console for legal billing systems.",
    epilog="Without a command, LexOps opens the console. Look around first with: lexops demo",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
cli.command()(init)
cli.command()(serve)
cli.command(hidden=True)(session)
cli.command()(status)
cli.add_typer(work.commands, name="worker")
cli.add_typer(demo.commands, name="demo")
for room in (activity, approval, audit, check, incident, operation, operator, request, schedule):
    cli.add_typer(room.commands, name=room.__name__.rpartition(".")[2])


@cli.callback(invoke_without_command=True)
def console(
    context: typer.Context,
    site: SiteOption = None,
    version: Annotated[bool, typer.Option("--version", help="Show the version and end.")] = False,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Open the console for looking only.")
    ] = False,
) -> None:
    """The operations console for legal billing systems."""
    if version:
        say(f"lexops {__version__}")
        raise typer.Exit(0)
    if context.invoked_subcommand is None:
        open_console(context.obj, site, read_only=read_only)


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
