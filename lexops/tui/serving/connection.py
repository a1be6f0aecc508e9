"""One caller, from the call to the end of the line: log in, say what is wanted, have it, leave."""

from __future__ import annotations

import logging
import secrets
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from os import environ
from pathlib import Path

import paramiko

from lexops import crash
from lexops.clock import Clock, show_duration
from lexops.config import ServeSettings
from lexops.errors import Exit, LexOpsError, Refused
from lexops.text import one_line
from lexops.tui.serving.child import Child, environment
from lexops.tui.serving.limits import Size, Verdict, allowed_words, refusal, verdict
from lexops.tui.serving.login import Door, Login, Who, Wish
from lexops.tui.serving.session import GONE, PATIENCE, TURN, WINDOW, Session, settle, tell

KEEPALIVE_SECONDS = 30
LOST_AFTER_MS = 3 * KEEPALIVE_SECONDS * 1000
"""A line on which nothing is acknowledged for so long is dead."""
STRANGER_BYTES = 256 * 1024
"""What a caller may send before the login: a handshake and ten keys are a tenth of it."""
PIECE = 64 * 1024
COMMAND_NOTED = 200
"""Characters of a client's command that are put on the record."""
FAREWELL_SECONDS = 2.0
"""After a session the client hangs up; to do so before it has would lose the last words on their way."""

# Paramiko 5 has most of these off by itself; said here, it holds for version 4 as well.
WEAK = {
    "ciphers": ["3des-cbc", "aes128-cbc", "aes192-cbc", "aes256-cbc", "blowfish-cbc"],
    "macs": ["hmac-sha1", "hmac-md5", "hmac-sha1-96", "hmac-md5-96"],
    "kex": [
        "diffie-hellman-group1-sha1",
        "diffie-hellman-group14-sha1",
        "diffie-hellman-group-exchange-sha1",
    ],
    "keys": ["ssh-rsa", "ssh-dss"],
    "pubkeys": ["ssh-rsa", "ssh-dss"],
}

Record = Callable[[str, str | None, Mapping[str, str | int]], None]
"""Puts an event on the record: kind, operator if known, details. Raises LexOpsError when it cannot."""


class Register:
    """The sessions that are open now, by operator."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._operators: dict[str, str] = {}

    def enter(self, id: str, operator: str, settings: ServeSettings) -> None:
        """Count a session in. Raises Refused when there are enough."""
        with self._lock:
            if problem := refusal(settings, self._operators.values(), operator):
                raise Refused(problem)
            self._operators[id] = operator

    def leave(self, id: str) -> None:
        with self._lock:
            self._operators.pop(id, None)


@dataclass(frozen=True)
class Service:
    """What all connections share."""

    settings: ServeSettings
    host_key: paramiko.PKey
    program: tuple[str, ...]
    """The `lexops` program, to which `session` and its words are added."""
    site: Path
    who: Who
    record: Record
    clock: Clock
    patience: timedelta = PATIENCE
    register: Register = field(default_factory=Register)


class Line(socket.socket):
    """A caller's socket, which does not listen to strangers for ever: paramiko sets no bound on a packet."""

    allowance: int | None = STRANGER_BYTES

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        data = super().recv(min(size, PIECE), flags)
        if self.allowance is not None:
            self.allowance -= len(data)
            if self.allowance < 0:
                raise OSError("too much before the login")
        return data


class Connection:
    """A line and what becomes of it; `run` blocks until it is over, the rest is called by the server."""

    def __init__(self, line: Line, address: str, service: Service, on_failure: Callable[[str], bool]) -> None:
        """`on_failure` counts a call in vain, and gives whether the address is not answered any more."""
        self.address = address
        self.is_over = False
        self._is_cut = False
        self._service = service
        self._line = line
        self._on_failure = on_failure
        self._called = service.clock.monotonic()
        self._lock = threading.Lock()
        self._asked = threading.Event()
        self._wish: Wish | None = None
        self._session: Session | None = None
        self._size = Size(80, 24)
        self._door = Door(service.who, self._take, self._resize)
        self._transport = _transport(line, service)

    @property
    def is_waiting(self) -> bool:
        """Whether the caller has not logged in and said what it wants."""
        return not self._is_cut and self._wish is None

    def run(self) -> None:
        try:
            self._transport.start_server(event=threading.Event(), server=self._door)
            while self._transport.is_active() and not self._asked.wait(TURN):
                pass
            if self._wish is None:
                self._note_refusal()
            else:
                self._line.allowance = None
                self._grant(self._wish)
                self._transport.join(FAREWELL_SECONDS)
        except GONE:
            pass  # the line is gone, and there is nobody left to be told
        except Exception as error:
            crash.keep(error)
        finally:
            self.cut()
            self.is_over = True

    def tend(self) -> None:
        """End what has lasted long enough; called some times a second."""
        now, settings = self._service.clock.monotonic(), self._service.settings
        session = self._session
        if session is None:
            if now - self._called > settings.grace.total_seconds():
                self.cut()
            return
        judged = verdict(settings, session.opened, session.typed, now)
        if judged is Verdict.IDLE:
            session.end(f"nothing was typed for {show_duration(settings.idle)}")
        elif judged is Verdict.LONG:
            session.end(f"it lasted {show_duration(settings.longest)}")
        elif judged is not Verdict.GO_ON:
            session.warn(judged)
        session.press()
        if session.is_stuck() or session.is_overrun():
            self.cut()

    def end(self, reason: str) -> None:
        """End the session in order, or the line when there is none."""
        if self._session is None:
            self.cut()
        else:
            self._session.end(reason)

    def press(self) -> None:
        """Remind a session that is to end."""
        if self._session is not None:
            self._session.press()

    def cut(self) -> None:
        """Close the line, whatever is being done on it."""
        self._is_cut = True
        self._transport.close()
        self._line.close()

    # In the line's own thread.

    def _take(self, wish: Wish) -> None:
        self._wish = wish
        self._asked.set()

    def _resize(self, size: Size) -> None:
        with self._lock:
            self._size = size
            if self._session is not None:
                self._session.resize(size)

    # In the thread of `run`.

    def _note_refusal(self) -> None:
        """Put it on the record that somebody wanted in; who did not even offer a key is only noise."""
        barred = self._on_failure(self.address)
        if not self._door.offered and not barred:
            return
        reason = self._door.problem or "no key of an operator"
        if barred:
            reason += "; this address is not answered for up to a minute"
        details = self._details() | {"keys": " ".join(self._door.offered), "reason": reason}
        self._put_on_record("login.refused", None, details)

    def _grant(self, wish: Wish) -> None:
        """Open the session if it may be, or say why not."""
        service, operator, id = self._service, wish.login.operator, secrets.token_hex(8)
        details = self._details() | {
            "session": id,
            "fingerprint": wish.login.fingerprint,
            "role": wish.login.role,
            "command": "console" if wish.command is None else one_line(wish.command, COMMAND_NOTED),
        }
        try:
            words = self._checked(wish)
            service.register.enter(id, operator, service.settings)
            service.record("session.opened", operator, details)
            self._hold(wish, id, words)
        except LexOpsError as error:
            if isinstance(error, Refused):
                self._put_on_record("session.refused", operator, details | {"reason": str(error)})
            self._decline(wish, error)
        finally:
            service.register.leave(id)

    def _checked(self, wish: Wish) -> tuple[str, ...]:
        """The words to run, none for the console. Raises Refused."""
        commands = self._service.settings.commands
        if wish.command is not None:
            words = allowed_words(commands, wish.command)
            if words is None:
                raise Refused(f"this cannot be run over SSH; allowed: {', '.join(commands)}")
            return words
        if wish.term is None:
            raise NoTerminal("the console needs a terminal: ssh -t")
        return ()

    def _hold(self, wish: Wish, id: str, words: tuple[str, ...]) -> None:
        """The session itself, and the record of its end. Raises CannotStart."""
        service = self._service
        with self._lock:
            size = None if wish.term is None else self._size
            session = self._session = Session(wish.channel, size, service.clock, service.patience)
        command = session_command(service, wish.login, self.address, id, words)

        def start(size: Size | None) -> Child:
            try:
                return Child(command, environment(environ, wish.term), size)
            except OSError as error:
                raise CannotStart(f"the session could not be started: {error.strerror}") from error

        status, reason = int(Exit.UNREACHABLE), "it failed"
        try:
            status = session.run(start)
            reason = session.reason or "left"
        finally:
            seconds = int(service.clock.monotonic() - session.opened)
            ended: dict[str, str | int] = {"status": status, "reason": reason, "seconds": seconds}
            self._put_on_record("session.closed", wish.login.operator, {"session": id} | ended)

    def _decline(self, wish: Wish, error: LexOpsError) -> None:
        settle(wish.channel)
        tell(wish.channel, str(error), wish.term is not None)
        wish.channel.send_exit_status(int(error.exit))
        wish.channel.close()

    def _details(self) -> dict[str, str | int]:
        return {"address": self.address, "login": self._door.user}

    def _put_on_record(self, kind: str, operator: str | None, details: Mapping[str, str | int]) -> None:
        """Record what has happened already; a failure is kept in the private log."""
        try:
            self._service.record(kind, operator, details)
        except LexOpsError as error:
            crash.keep(error)


class NoTerminal(LexOpsError):
    """The console was asked for without a terminal."""

    exit = Exit.PROBLEMS


class CannotStart(LexOpsError):
    """The machine has no room for another program or terminal."""

    exit = Exit.UNREACHABLE


def session_command(
    service: Service, login: Login, address: str, id: str, words: tuple[str, ...]
) -> list[str]:
    """What a session's child is: LexOps itself, told whose session it is."""
    told = ["--site", str(service.site), "--fingerprint", login.fingerprint, "--from", address]
    return [
        *service.program,
        "session",
        login.operator,
        *told,
        "--session",
        id,
        *(["--", *words] if words else []),
    ]


def _transport(line: Line, service: Service) -> paramiko.Transport:
    """SSH on a line, with nothing weak, and quick to notice that the other end is gone."""
    logging.getLogger("paramiko").addHandler(logging.NullHandler())  # it would write to stderr by itself
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, LOST_AFTER_MS)
    transport = paramiko.Transport(line, default_window_size=WINDOW, disabled_algorithms=WEAK)
    transport.local_version = "SSH-2.0-LexOps"
    transport.banner_timeout = transport.handshake_timeout = service.settings.grace.total_seconds()
    transport.set_keepalive(KEEPALIVE_SECONDS)
    transport.add_server_key(service.host_key)
    return transport
