"""Who may come in, and with what: public keys only, one session per line, nothing forwarded."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)

from lexops.errors import LexOpsError
from lexops.text import one_line
from lexops.tui.serving.limits import Size, size

KEYS_NOTED = 10
"""So many offered keys are kept for the record of a refused login."""


@dataclass(frozen=True, slots=True)
class Login:
    """Whose key it is."""

    operator: str
    role: str
    fingerprint: str


Who = Callable[[str, str, str], Login | None]
"""Fingerprint, key or certificate as a line, and the name logged in with; gives whose it is, if anyone's."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a logged-in client wants: a command, or the console when there is none."""

    login: Login
    channel: paramiko.Channel
    term: str | None
    """The kind of its terminal; None without one."""
    command: str | None


class Door(paramiko.ServerInterface):
    """What paramiko asks of a server, answered for one line; its methods run in the line's own thread."""

    def __init__(self, who: Who, on_wish: Callable[[Wish], None], on_resize: Callable[[Size], None]) -> None:
        self._who = who
        self._on_wish = on_wish
        self._on_resize = on_resize
        self._login: Login | None = None
        self._term: str | None = None
        self._opened = False
        self._asked = False
        self.user = ""
        self.offered: list[str] = []
        """Fingerprints of the keys that were tried."""
        self.problem = ""
        """Why nobody can be let in at all, when that is so."""

    # Logging in. The callback for a key is asked for probes as well as for signed requests, and the last
    # request before the success is the signed one: so every request sets who it is, or nobody.

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self._forget(username)
        blob = key.public_blob
        kind, content = (blob.key_type, blob.key_blob) if blob else (key.get_name(), key.asbytes())
        if key.fingerprint not in self.offered and len(self.offered) < KEYS_NOTED:
            self.offered.append(key.fingerprint)
        try:
            self._login = self._who(key.fingerprint, f"{kind} {b64encode(content).decode()}", username)
        except LexOpsError as error:
            self.problem = str(error)
        return AUTH_SUCCESSFUL if self._login else AUTH_FAILED

    def check_auth_none(self, username: str) -> int:
        return self._forget(username)

    def check_auth_password(self, username: str, password: str) -> int:
        return self._forget(username)

    def check_auth_interactive(self, username: str, submethods: str) -> int:
        return self._forget(username)

    def check_auth_interactive_response(self, responses: list[str]) -> int:
        return self._forget(self.user)

    def _forget(self, username: str) -> int:
        self._login, self.user = None, one_line(username, 64)
        return AUTH_FAILED

    # Asking for something. Paramiko hands over such requests only after the login, and hears no further
    # request to log in then: whoever is known now is who signed. What is not here, paramiko refuses:
    # forwarding in either direction, agent, X11, environment and subsystems.

    def check_channel_request(self, kind: str, chanid: int) -> int:
        if kind != "session" or self._opened or self._login is None:
            return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        self._opened = True
        return OPEN_SUCCEEDED

    def check_channel_pty_request(
        self,
        channel: paramiko.Channel,
        term: bytes,
        width: int,
        height: int,
        pixelwidth: int,
        pixelheight: int,
        modes: bytes,
    ) -> bool:
        if self._asked:
            return False
        self._term = term.decode("ascii", "replace")
        self._on_resize(size(width, height))
        return True

    def check_channel_window_change_request(
        self, channel: paramiko.Channel, width: int, height: int, pixelwidth: int, pixelheight: int
    ) -> bool:
        self._on_resize(size(width, height))
        return True

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:
        return self._ask(channel, None)

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        # What is not ASCII is on no list; it only has to stay different from what is.
        return self._ask(channel, command.decode("ascii", "replace"))

    def _ask(self, channel: paramiko.Channel, command: str | None) -> bool:
        if self._asked or self._login is None:
            return False
        self._asked = True
        self._on_wish(Wish(self._login, channel, self._term, command))
        return True
