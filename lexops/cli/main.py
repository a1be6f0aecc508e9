"""The command line's entry: commands, and how every failure ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from errno import ENOSPC
from itertools import pairwise
from typing import Annotated

import typer

from lexops import __version__, crash
from lexops.cli import (
    activity,
    approval,
    article,
    audit,
    check,
    contact,
    demo,
    escalation,
    freeze,
    incident,
    intake,
    notice,
    oncall,
    operation,
    operator,
    outbox,
    request,
    schedule,
    sla,
    tracker,
    work,
)
from lexops.cli.console import Theme, open_console
from lexops.cli.init import init
from lexops.cli.program import Program, SiteOption, narrate, on_site, say
from lexops.cli.serve import serve
from lexops.cli.session import session
from lexops.cli.status import status
from lexops.errors import Exit, InvalidRequest, LexOpsError

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
for room in (
    activity,
    approval,
    article,
    audit,
    check,
    contact,
    escalation,
    freeze,
    incident,
    intake,
    notice,
    oncall,
    operation,
    operator,
    outbox,
    request,
    schedule,
    sla,
    tracker,
):
    cli.add_typer(room.commands, name=room.__name__.rpartition(".")[2])


@cli.callback(invoke_without_command=True)
def console(
    context: typer.Context,
    site: SiteOption = None,
    version: Annotated[bool, typer.Option("--version", help="Show the version and end.")] = False,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Open the console for looking only.")
    ] = False,
    ascii_signs: Annotated[
        bool, typer.Option("--ascii", help="Open the console with ASCII signs only.")
    ] = False,
    theme: Annotated[Theme, typer.Option("--theme", help="The colours of the console.")] = Theme.DARK,
) -> None:
    """The operations console for legal billing systems."""
    if version:
        say(f"lexops {__version__}")
        raise typer.Exit(0)
    if context.invoked_subcommand is None:
        open_console(context.obj, site, read_only=read_only, ascii_signs=ascii_signs, theme=theme)
    elif for_console := [
        option
        for option, given in (
            ("--read-only", read_only),
            ("--ascii", ascii_signs),
            ("--theme", theme is not Theme.DARK),
        )
        if given
    ]:
        raise InvalidRequest(f"{for_console[0]} opens the console; it does not hold for a command")
    elif site is not None:
        context.obj = on_site(context.obj, site)


def run(program: Program) -> None:
    """Run a command and end the process with the contract's exit code and one line per failure."""
    _open_closed_streams()
    try:
        _refuse_empty(sys.argv[1:])
        code = cli(obj=program, standalone_mode=False) or 0
        sys.stdout.flush()
        sys.exit(code)
    except typer.TyperException as error:
        where = getattr(error, "ctx", None)
        # Typer passes on how its parser begins whatever it says of a value.
        said = error.format_message().replace(": Value error, ", ": ", 1)
        if said.startswith("Usage: "):  # an area was named, and nothing to do there
            sys.stderr.write(f"{said}\n")
            sys.exit(int(Exit.USAGE))
        _fail(" ".join(said.split()), f"see: {where.command_path} --help" if where else "", Exit.USAGE)
    except (typer.Abort, KeyboardInterrupt):
        _fail("interrupted; nothing was left half done", "", Exit.INTERRUPTED)
    except LexOpsError as error:
        _fail(str(error), error.hint, error.exit)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(Exit.INTERRUPTED)
    except Exception as error:
        _unforeseen(error)


def _open_closed_streams() -> None:
    """Open to nowhere what a shell closed (`>&-`); else the next file that is opened gets its number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)


def _refuse_empty(words: Sequence[str]) -> None:
    """An empty word is a variable that was never set, and would often mean everything."""
    for before, word in pairwise(["", *words]):
        name, is_set, value = word.partition("=")
        if name.startswith("--") and is_set:
            word, before = value, name
        if not word.strip():
            where = before if before.startswith("-") else "an argument"
            raise InvalidRequest(f"{where}: it is empty", hint="was a variable not set? leave it out")


def _unforeseen(error: Exception) -> None:
    """End with one line about what no command foresaw."""
    if isinstance(error, UnicodeEncodeError) and error.reason == "surrogates not allowed":
        # Bytes of the command line that are no UTF-8 arrive as lone surrogates; no store takes them.
        _fail("what was typed holds what is no text", "UTF-8 is text", Exit.USAGE)
    if isinstance(error, OSError) and error.errno == ENOSPC:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is left of it is not tried again at the end
        _fail(f"what there is to say cannot be written: {error.strerror}", "", Exit.UNREACHABLE)
    _fail(crash.sentence(crash.keep(error)), "", Exit.USAGE)


def _fail(message: str, hint: str, code: Exit) -> None:
    narrate(f"error: {message}")
    if hint:
        narrate(f"hint: {hint}")
    sys.exit(int(code))
