"""The second factor on a terminal: a code that is not seen, or the signature of an SSH key."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from lexops.cli import terminal
from lexops.cli.program import narrate
from lexops.errors import Refused

if TYPE_CHECKING:
    from lexops.site import Site

TRIES = 3
"""How often one command asks; the site counts on its own."""
_END = "-----END SSH SIGNATURE-----"


def prove(site: Site, scope: str) -> str:
    """Ask until it is proved who is there; gives what to say. Raises Refused."""
    has_code, keys = factors_of(site)
    if not has_code and not keys:
        raise Refused("you have no second factor yet", hint="enrol an authenticator: lexops operator enrol")
    for left in reversed(range(TRIES)):
        try:
            return _once(site, scope, has_code, bool(keys))
        except Refused as error:
            if not left or isinstance(error, Cancelled):
                raise
            narrate(f"{error}; {error.hint}" if error.hint else str(error))
    raise AssertionError("the last try raises")


class Cancelled(Refused):
    """Cancelled; nothing was done."""


def _once(site: Site, scope: str, has_code: bool, has_key: bool) -> str:
    if not has_code:
        return sign(site, scope)
    other = "s to sign with an SSH key, " if has_key else ""
    code = terminal.hidden(f"code for {scope} ({other}nothing to cancel): ")
    if not code:
        raise Cancelled
    if has_key and code.lower() == "s":
        return sign(site, scope)
    return site.step_ups.with_code(site.session, scope, code)


def factors_of(site: Site) -> tuple[bool, list[str]]:
    """Whether the person has an authenticator, and the fingerprints of the keys that sign.

    The key that opened the session is no second factor, but for a security key, which is touched again.
    """
    from lexops.auth import factors

    person = site.operator()
    if person is None:
        return False, []
    with site.store.read() as connection:
        enrolled = factors.enrolled(connection, person.id)
    opened = site.session.fingerprint
    signing = [key for key in person.keys if key.fingerprint != opened or key.line.startswith("sk-")]
    return enrolled.totp, [key.fingerprint for key in signing]


def sign(site: Site, scope: str) -> str:
    """Prove it with an SSH key: the agent's if it has a registered one, else by hand. Raises Refused."""
    from lexops.auth import agent, sshsig

    challenge = site.step_ups.challenge(site.session, scope)
    socket = os.environ.get("SSH_AUTH_SOCK")
    armour = ""
    if socket:
        narrate("asking the ssh-agent; touch the security key if it blinks")
        try:
            armour = agent.sign(Path(socket), challenge.text, factors_of(site)[1], site.clock)
        except agent.NoAgent as error:
            narrate(f"{error}; sign by hand")
    if not armour:
        if not terminal.is_interactive():
            raise Refused(
                "no ssh-agent has signed", hint="without a terminal: --signature-file, see operator challenge"
            )
        narrate("run this where your key is, then paste what it prints (an empty line cancels):")
        narrate("")
        for line in sshsig.command(challenge.text).splitlines():
            narrate(line)
        narrate("")
        armour = terminal.block(_END)
    if not armour:
        raise Cancelled
    return site.step_ups.with_signature(site.session, scope, armour)
