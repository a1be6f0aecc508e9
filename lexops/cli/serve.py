"""`lexops serve`: the console over SSH, and the keys of all operators for a system sshd."""

from __future__ import annotations

import re
import shlex
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lexops.cli.program import Program, SiteOption, narrate, program, say
from lexops.cli.session import only_the_owner

if TYPE_CHECKING:
    from lexops.auth.identity import Session
    from lexops.auth.sshcert import Presented
    from lexops.site import Site

_KEY = re.compile(r"[a-z0-9@.-]{1,80} [A-Za-z0-9+/]{16,16384}={0,2}")
_OPERATOR = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


@dataclass(frozen=True)
class Key:
    """A key that opens sessions."""

    operator: str
    fingerprint: str
    line: str
    """Type and base64."""


@dataclass(frozen=True)
class Serving:
    """What `app.py` gives to the commands that open sessions."""

    serve: Callable[[Site, Callable[[], bool], Callable[[str], None]], None]
    """Serve until told to stop; the last argument tells the person where."""
    keys: Callable[[Site], Iterable[Key]]
    """The keys of all active operators."""
    holder: Callable[[Site, Presented], str]
    """The operator to whom a certificate belongs. Raises Refused."""
    allowed_words: Callable[[Iterable[str], str], tuple[str, ...] | None]
    """The words of a command line when it is on the list, otherwise None."""
    act_as: Callable[[Program, Session], Program]
    """The program whose sites are opened in a session. Raises Refused when they are."""


def serving(context: typer.Context) -> Serving:
    """What the program behind a command has for sessions."""
    found = program(context).serving
    assert found is not None
    return found


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
