"""`lexops serve`: the console over SSH, and the keys of all operators for a system sshd."""

from __future__ import annotations

import re
import shlex
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from lexops.cli.program import Key, SiteOption, narrate, program, say, serving
from lexops.cli.session import only_the_owner

_KEY = re.compile(r"[a-z0-9@.-]{1,80} [A-Za-z0-9+/]{16,16384}={0,2}")
_OPERATOR = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


def serve(
    context: typer.Context,
    authorized_keys: Annotated[
        bool,
        typer.Option("--authorized-keys", help="Only print the operators' keys, for AuthorizedKeysCommand."),
    ] = False,
    site: SiteOption = None,
) -> None:
    """Serve the console over SSH to operators with a key; SIGTERM ends all sessions cleanly.

    Example: lexops serve --site /etc/lexops/lexops.toml
    """
    opened = program(context).open_site(site)
    if authorized_keys:
        for key in serving(context).keys(opened):
            if line := authorized_line(key, opened.file.path):
                say(line)
            else:
                narrate(f"left out, for it is no plain key: {key.operator} {key.fingerprint}")
        return
    only_the_owner(opened.file.path)
    serving(context).serve(opened, _stop_flag(), narrate)


def authorized_line(key: Key, site: Path) -> str | None:
    """The line of authorized_keys that leads to the operator's console and nowhere else; see sshd(8).

    None for what could mean more to sshd or the shell it starts than a key and a name.
    """
    if not _KEY.fullmatch(key.line) or not _OPERATOR.fullmatch(key.operator) or '"' in str(site):
        return None
    words = [sys.executable, "-P", "-m", "lexops", "session", key.operator]
    command = shlex.join([*words, "--site", str(site), "--fingerprint", key.fingerprint])
    return f'restrict,pty,command="{command}" {key.line} {key.operator}'


def _stop_flag() -> Callable[[], bool]:
    """True once a signal has asked the process to end."""
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: asked.append(received))
    return lambda: bool(asked)
