"""`lexops session`: what sshd's forced command and `lexops serve` start, for one operator."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lexops.cli.program import SiteOption, leave, program, serving
from lexops.errors import InvalidRequest, Refused

if TYPE_CHECKING:
    from lexops.auth.sshcert import Presented


def session(
    context: typer.Context,
    operator: Annotated[str | None, typer.Argument(help="Whose session it is.")] = None,
    words: Annotated[list[str] | None, typer.Argument(help="After --: a command to run instead.")] = None,
    fingerprint: Annotated[
        str | None, typer.Option("--fingerprint", help="Of the key it was opened by.")
    ] = None,
    remote: Annotated[str | None, typer.Option("--from", help="The address it comes from.")] = None,
    id: Annotated[str | None, typer.Option("--session", help="Its id on the record.")] = None,
    from_certificate: Annotated[
        bool, typer.Option("--from-certificate", help="It is whose certificate sshd has accepted.")
    ] = False,
    site: SiteOption = None,
) -> None:
    """Open an operator's console, or run a command allowed over SSH; for sshd's forced command.

    Example, in authorized_keys: restrict,pty,command="lexops session ana" ssh-ed25519 AAAA… ana
    """
    from lexops import config
    from lexops.auth.identity import Session, new_session_id
    from lexops.cli.console import open_console

    run, path = program(context), config.find(site).resolve()
    only_the_owner(path)
    shown = presented(os.environ)
    if shown is not None and fingerprint not in (None, shown.fingerprint):
        raise Refused("the key that opened this session is not the one of its forced command")
    if from_certificate:
        if operator is not None:
            raise InvalidRequest("--from-certificate says whose session it is; leave the name out")
        if shown is None or shown.certificate is None:
            hint = "sshd_config needs ExposeAuthInfo yes; see docs/ssh.md"
            raise Refused("no certificate opened this session", hint=hint)
        operator = serving(context).holder(run.open_site(path), shown)
    if operator is None:
        raise InvalidRequest("whose session is it?", hint="lexops session NAME, or --from-certificate")
    command = _command(words or [], os.environ)
    allowed = config.load(path).settings.serve.commands
    checked = serving(context).allowed_words(allowed, command) if command is not None else ()
    if checked is None:
        raise Refused(f"this cannot be run over SSH; allowed: {', '.join(allowed)}")
    opened_by = shown.fingerprint if shown is not None else fingerprint
    sitting = Session(
        operator,
        _how(shown, opened_by),
        id or new_session_id(),
        opened_by,
        remote or _address(os.environ),
    )
    acting = serving(context).act_as(run, sitting)
    if checked:
        # The root is the command line itself, as main.py puts it together.
        lexops = context.find_root().command
        words = [*checked, "--site", str(path)]
        leave(lexops.main(words, prog_name="lexops", obj=acting, standalone_mode=False) or 0)
    open_console(acting, path)


def only_the_owner(path: Path) -> None:
    """Refuse everybody but the owner of the site's file: whoever else could, could be any operator."""
    if path.stat().st_uid != os.getuid():
        raise Refused(
            f"only the account that owns {path} opens sessions for operators",
            hint="for a session of your own: lexops",
        )


def presented(environment: Mapping[str, str]) -> Presented | None:
    """The key or certificate by which sshd let the session in, as far as sshd tells."""
    from lexops.auth import sshcert

    path = environment.get("SSH_USER_AUTH")
    return sshcert.exposed(Path(path)) if path else None


def _command(words: list[str], environment: Mapping[str, str]) -> str | None:
    """The line to run: as given, or as the client of sshd asked for; None for the console."""
    if any(" " in word for word in words):
        return ""  # a word is a word, and none of the list has a space
    return " ".join(words) if words else environment.get("SSH_ORIGINAL_COMMAND")


def _how(shown: Presented | None, fingerprint: str | None) -> Literal["account", "key", "certificate"]:
    if shown is not None and shown.certificate is not None:
        return "certificate"
    return "account" if fingerprint is None else "key"


def _address(environment: Mapping[str, str]) -> str | None:
    """Where the client of sshd is: the first of the four words of SSH_CONNECTION."""
    return environment.get("SSH_CONNECTION", "").partition(" ")[0] or None
