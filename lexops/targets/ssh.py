"""A shell on another machine: known host keys only, keys or agent only, every step under a time limit."""

from __future__ import annotations

import getpass
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lexops.errors import ConfigError, LexOpsError, QueryFailed, TimedOut, Unreachable
from lexops.targets.network import dial, reason, resolve
from lexops.targets.session import Line

if TYPE_CHECKING:
    import paramiko

OUTPUT_LIMIT = 1024 * 1024
"""Bytes of a command's output; more is an error."""

KEEPALIVE_SECONDS = 15

_WEAK = {
    "ciphers": ["3des-cbc", "aes128-cbc", "aes192-cbc", "aes256-cbc"],
    "macs": ["hmac-sha1", "hmac-md5", "hmac-sha1-96", "hmac-md5-96"],
}


@dataclass(frozen=True, slots=True)
class Login:
    """Where to log in and as whom."""

    host: str
    port: int
    user: str

    @property
    def known_as(self) -> str:
        """The name under which known_hosts has the host."""
        return self.host if self.port == 22 else f"[{self.host}]:{self.port}"


def parse_address(address: str) -> Login:
    """`user@host[:port]` as settings have it; raises ConfigError."""
    try:
        parts = urlsplit(f"ssh://{address}")
        host, port, user = parts.hostname, parts.port or 22, parts.username or getpass.getuser()
    except ValueError:
        host = None
    if not host or parts.path or parts.password:
        raise ConfigError(
            f"{address!r} is no address for SSH", hint="Write it as user@host or user@host:port."
        )
    return Login(host, port, user)


class Shell:
    """A connection over SSH. Making one connects; raises Unreachable."""

    def __init__(self, login: Login, identity: Path | None, known_hosts: Path, seconds: float) -> None:
        import paramiko

        logging.getLogger("paramiko").addHandler(logging.NullHandler())  # it would write to stderr by itself
        self._name = login.known_as
        self._seconds = seconds
        self._over: LexOpsError | None = None
        self._client = paramiko.SSHClient()
        self._client.set_missing_host_key_policy(paramiko.RejectPolicy())
        keys = KnownHosts.read(known_hosts)
        keys.teach(self._client)
        with _explained(login, keys):
            line = dial(resolve(login.host, login.port, seconds), seconds)
            self._line = Line(line.fileno())
            try:
                self._log_in(login, identity, line)
                keys.refuse_revoked(self._transport().get_remote_server_key(), login)
            except BaseException:
                line.close()
                self.close()
                raise

    def run(self, script: str, seconds: float) -> str:
        """What `script` prints when `sh` reads it from its input, so that no start-up file has a say.

        Raises TimedOut, Unreachable, or QueryFailed when it prints more than 1 MiB.
        """
        import paramiko

        if self._over is not None:
            raise self._over.with_traceback(None)
        end = time.monotonic() + seconds
        try:
            channel = self._transport().open_session(timeout=self._seconds)
            channel.settimeout(seconds)
            channel.exec_command("sh -s")
            channel.sendall(script.encode())
            channel.shutdown_write()
            output = b"".join(_received(channel, end))
        except TimeoutError:
            self._over = TimedOut(f"{self._name}: no answer within {seconds:g} s")
        except (paramiko.SSHException, EOFError, OSError) as error:
            self._over = self._over or Unreachable(f"{self._name}: the connection was lost: {reason(error)}")
        if self._over is not None:
            self._line.cut()
            raise self._over
        channel.close()
        return output.decode("utf-8", "replace")

    def abort(self) -> None:
        self._over = self._over or TimedOut(f"{self._name}: ended because it took too long")
        self._line.cut()

    def close(self) -> None:
        self._over = self._over or Unreachable(f"{self._name}: the session is closed")
        self._line.cut()
        self._client.close()
        self._line.close()

    def _log_in(self, login: Login, identity: Path | None, line: socket.socket) -> None:
        self._client.connect(
            login.host,
            login.port,
            login.user,
            key_filename=str(identity) if identity else None,
            look_for_keys=identity is None,
            allow_agent=identity is None,
            timeout=self._seconds,
            banner_timeout=self._seconds,
            auth_timeout=self._seconds,
            channel_timeout=self._seconds,
            disabled_algorithms=_WEAK,
            sock=line,
        )
        self._transport().set_keepalive(KEEPALIVE_SECONDS)

    def _transport(self) -> paramiko.Transport:
        transport = self._client.get_transport()
        if transport is None:
            raise Unreachable(f"{self._name}: the connection was lost")
        return transport


def _received(channel: Any, end: float) -> Iterator[bytes]:
    """All that a channel gives up to its end; raises TimeoutError after the moment `end`."""
    size = 0
    while True:
        channel.settimeout(max(0.001, end - time.monotonic()))
        data = channel.recv(65536)
        if not data:
            return
        size += len(data)
        if size > OUTPUT_LIMIT:
            channel.close()
            raise QueryFailed(f"the host printed more than {OUTPUT_LIMIT // 1024} KiB")
        yield data


@contextmanager
def _explained(login: Login, keys: KnownHosts) -> Iterator[None]:
    """What goes wrong while connecting, as Unreachable with the way to mend it."""
    import paramiko

    where = login.known_as
    try:
        yield
    except paramiko.BadHostKeyException:
        raise Unreachable(
            f"{where}: the host key is not the one in {keys.path}; somebody may be in between",
            hint="Ask whoever runs the host. Only when the change is explained: remove the old key there.",
        ) from None
    except paramiko.AuthenticationException as error:
        raise Unreachable(f"{where}: {login.user} was not let in: {reason(error)}") from None
    except paramiko.SSHException as error:
        if keys.knows(where):
            raise Unreachable(f"{where}: {reason(error)}") from None
        raise Unreachable(
            f"{where}: the host key is unknown; there is none in {keys.path}",
            hint=keys.advice(login),
        ) from None
    except TimeoutError:
        raise TimedOut(f"{where}: cannot connect: no answer") from None
    except (OSError, EOFError) as error:
        raise Unreachable(f"{where}: cannot connect: {reason(error)}") from None


@dataclass(frozen=True)
class KnownHosts:
    """A known_hosts file, line by line: paramiko gives up on a whole file for one line with a marker."""

    path: Path
    plain: tuple[Any, ...]
    revoked: frozenset[str]
    has_authority: bool

    @classmethod
    def read(cls, path: Path) -> KnownHosts:
        """A file that is not there knows nobody."""
        from paramiko.hostkeys import HostKeyEntry

        try:
            lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
        except FileNotFoundError:
            lines = []
        except (OSError, UnicodeError) as error:
            raise ConfigError(f"{path}: {reason(error)}") from None
        entries = (_entry(HostKeyEntry, line) for line in lines if line and line[0] not in "#@")
        marked = [line.split() for line in lines if line.startswith("@")]
        return cls(
            path,
            tuple(entry for entry in entries if entry is not None),
            frozenset(words[3] for words in marked if words[0] == "@revoked" and len(words) > 3),
            any(words[0] == "@cert-authority" for words in marked),
        )

    def teach(self, client: paramiko.SSHClient) -> None:
        keys = client.get_host_keys()
        for entry in self.plain:
            for name in entry.hostnames:
                keys.add(name, entry.key.get_name(), entry.key)

    def knows(self, name: str) -> bool:
        import paramiko

        client = paramiko.SSHClient()
        self.teach(client)
        return client.get_host_keys().lookup(name) is not None

    def refuse_revoked(self, key: paramiko.PKey, login: Login) -> None:
        if key.get_base64() in self.revoked:
            raise Unreachable(f"{login.known_as}: the host key is marked as revoked in {self.path}")

    def advice(self, login: Login) -> str:
        if self.has_authority:
            return "Its @cert-authority lines are not used here; add the host's own key."
        port = "" if login.port == 22 else f"-p {login.port} "
        return f"Compare its fingerprint with the host's, then: ssh-keyscan {port}{login.host} >> {self.path}"


def _entry(kind: Any, line: str) -> Any:
    """A line as an entry; None for one that paramiko cannot read, which is then just not trusted."""
    import paramiko

    try:
        return kind.from_line(line)
    except (paramiko.SSHException, paramiko.hostkeys.InvalidHostKey, ValueError):
        return None
