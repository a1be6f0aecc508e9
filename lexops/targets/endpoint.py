"""Endpoints: one question over HTTP, SMTP, TCP, DNS or TLS, each of its phases measured and limited."""

from __future__ import annotations

import errno
import http.client
import os
import socket
import ssl
import struct
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, urlsplit

from lexops.config import EndpointSettings, LoginStepSettings, resolver_address
from lexops.errors import LexOpsError, QueryFailed, TimedOut, Unreachable
from lexops.targets import dns
from lexops.targets.certificate import certificate_of
from lexops.targets.login import REDIRECTS, Page, Visitor
from lexops.targets.memory import Memory
from lexops.targets.model import Certificate, Cookie, LoginProbe, Probe, Target
from lexops.targets.network import Address, dial, reason, resolve
from lexops.targets.session import Line, Once, Session, watchdog
from lexops.text import one_line

BODY_LIMIT = 64 * 1024
"""Bytes of the body that are read."""

_PORTS = {"https": 443, "http": 80, "smtp": 25, "postgresql": 5432}
_SMTP_LINES, _SMTP_LINE = 100, 1000
_SSL_REQUEST = struct.pack(">2I", 8, 80877103)
"""PostgreSQL's question whether TLS may be spoken (protocol-message-formats, SSLRequest)."""


class Endpoint(Session):
    """A URL that somebody's browser or program asks; one probe serves all checks until `fresh`.

    Redirects are not followed and proxies of the environment not used: what answers is looked at, not what
    it points to. `ca_file` is trusted besides the system's certificates.
    """

    def __init__(
        self,
        target: Target,
        url: str,
        *,
        settings: EndpointSettings | None = None,
        ca_file: Path | None = None,
        seconds: float = 5.0,
    ) -> None:
        self.target = target
        self.memory = Memory()
        self.url = url
        self.settings = settings or EndpointSettings(kind="endpoint", url=url)
        self._ca_file = ca_file
        self._seconds = seconds
        self._look = Once(self._ask)
        self._over: LexOpsError | None = None
        self._line: Line | None = None

    @property
    def scheme(self) -> str:
        """What it speaks: https, http, tcp, smtp, postgresql or dns."""
        return urlsplit(self.url).scheme

    def probe(self) -> Probe:
        """Ask once. Raises Unreachable, for what makes no sense, too, or TimedOut; they name the phase.

        A certificate that is not trusted is no error but in the probe, with status 0: no request was sent.
        """
        if self._over is not None:
            raise self._over.with_traceback(None)
        return self._look()

    def fresh(self) -> None:
        """Ask anew next time."""
        self._look.forget()

    def abort(self) -> None:
        self._over = TimedOut(f"{self.target.name}: ended because it took too long")
        self._cut()

    def close(self) -> None:
        self._let_go()

    def log_in(self) -> LoginProbe:
        """Go through the steps of a log-in, and log out. Raises Unreachable when not even the first works."""
        settings = self.settings.login
        assert settings is not None
        if self._over is not None:
            raise self._over.with_traceback(None)
        visitor = Visitor(self.url, settings, settings.password.read())
        took: dict[str, float] = {}
        failure = ""
        for number, step in enumerate(settings.steps, 1):
            name, started = f"{number}. {step.method} {step.path}", time.perf_counter()
            try:
                failure = self._visit(visitor, step)
            except LexOpsError as error:
                if not took:
                    raise
                failure = one_line(error)
            took[name] = time.perf_counter() - started
            if failure:
                failure = f"{name}: {failure}"
                break
        return LoginProbe(took, self._logged_out(visitor, settings.logout, failure))

    def _logged_out(self, visitor: Visitor, step: LoginStepSettings | None, failure: str) -> str:
        """Leave as one should; an earlier failure matters more than one of that."""
        if step is None:
            return failure
        try:
            trouble = self._visit(visitor, step)
        except LexOpsError as error:
            trouble = one_line(error)
        return failure or (f"log-out {step.path}: {trouble}" if trouble else "")

    def _visit(self, visitor: Visitor, step: LoginStepSettings) -> str:
        """Make one step with the redirects that follow; gives what is wrong with the last answer."""
        path, method, body = step.path, step.method, visitor.body(step)
        for _ in range(REDIRECTS + 1):
            page = self._page(path, method, body, visitor.headers(body))
            visitor.take(page)
            try:
                following = visitor.next_path(path, page) if step.expect_status == 200 else None
            except ValueError as error:
                return str(error)
            if following is None:
                return visitor.verdict(step, page)
            path, method, body = following, "GET", None
        return f"more than {REDIRECTS} redirects"

    def _page(self, path: str, method: str, body: bytes | None, headers: Mapping[str, str]) -> Page:
        where, took = _Where.of(self.url), _Took()
        with self._phase("resolving", took):
            addresses = resolve(where.host, where.port, self._seconds)
        try:
            line = self._secured(self._connected(addresses, took), where.host, self._trust(), took)
            with line:
                response, text = self._exchange(line, where, took, method, path, body, headers)
        except ssl.SSLCertVerificationError as error:
            raise Unreachable(
                f"{self.target.name}: the certificate is not trusted: {one_line(error.verify_message)}"
            ) from None
        finally:
            self._let_go()
        cookies = tuple(response.headers.get_all("Set-Cookie") or ())
        decoded = _decoded(text, response.headers.get_content_charset())
        return Page(response.status, response.headers.get("Location", ""), cookies, decoded)

    def _ask(self) -> Probe:
        where, took = _Where.of(self.url), _Took()
        if where.scheme == "dns":
            return self._ask_resolvers(where, took)
        trust = self._trust()
        with self._phase("resolving", took):
            addresses = resolve(where.host, where.port, self._seconds)
        try:
            line, status, encrypts = self._prepared(addresses, where, took)
            chain: tuple[Certificate, ...] = ()
            if encrypts:
                try:
                    line = self._secured(line, where.host, trust, took)
                except ssl.SSLCertVerificationError as error:
                    return self._untrusted(addresses, where, one_line(error.verify_message), took, status)
                chain = _chain(line, trusted=True)
            with line:
                if where.scheme in ("http", "https"):
                    return self._answer(line, where, chain, took)
                if where.scheme == "smtp":
                    with suppress(OSError):
                        line.sendall(b"QUIT\r\n")
            return took.probe(status=status, chain=chain)
        finally:
            self._let_go()

    def _prepared(
        self, addresses: list[Address], where: _Where, took: _Took
    ) -> tuple[socket.socket, int, bool]:
        """A connection up to the TLS handshake, the code of its greeting, and whether it may be encrypted."""
        line = self._connected(addresses, took)
        try:
            if where.scheme == "smtp":
                with self._phase("waiting for the answer", took):
                    status, encrypts = _smtp_greeting(line)
                return line, status, encrypts
            if where.scheme == "postgresql":
                with self._phase("waiting for the answer", took):
                    line.sendall(_SSL_REQUEST)
                    encrypts = line.recv(1) == b"S"
                return line, 0, encrypts
        except BaseException:
            line.close()
            raise
        return line, 0, where.scheme == "https"

    def _ask_resolvers(self, where: _Where, took: _Took) -> Probe:
        """Ask each resolver; one that gives nothing is told with its reason."""
        told: dict[str, frozenset[str] | str] = {}
        resolvers = self.settings.resolvers or dns.system_resolvers()
        if not resolvers:
            raise QueryFailed(
                f"{self.target.name}: no resolver is known", hint="Name some: resolvers = [...]"
            )
        for resolver in resolvers:
            started = time.perf_counter()
            try:
                told[resolver] = dns.look_up(
                    resolver_address(resolver), where.host, self._seconds, self._hold
                )
            except dns.NoAnswer as error:
                told[resolver] = str(error)
            if self._over is not None:
                raise self._over
            took.seconds[f"resolving {resolver}"] = time.perf_counter() - started
        self._let_go()
        took.seconds["resolving"] = max(took.seconds.values())
        return took.probe(addresses=told, total=took.seconds["resolving"])

    def _hold(self, line: socket.socket) -> None:
        """Let the watchdog cut this socket."""
        self._let_go()
        self._line = Line(line.fileno())
        if self._over is not None:  # between two phases, so that there was nothing to cut
            self._cut()

    def _connected(self, addresses: list[Address], took: _Took) -> socket.socket:
        line: socket.socket | None = None
        try:
            with self._phase("connecting", took):
                line = dial(addresses, self._seconds)
        except BaseException:
            if line is not None:  # it stands, and came too late
                line.close()
            raise
        self._hold(line)
        return line

    def _secured(self, line: socket.socket, host: str, context: ssl.SSLContext, took: _Took) -> ssl.SSLSocket:
        held = line
        try:
            with self._phase("TLS handshake", took):
                held = secured = context.wrap_socket(line, server_hostname=host)
        except BaseException:
            held.close()
            raise
        return secured

    def _untrusted(
        self, addresses: list[Address], where: _Where, why: str, took: _Took, status: int
    ) -> Probe:
        """Look once more without trust, only to say which certificate it is; nothing is sent."""
        chain: tuple[Certificate, ...] = ()
        context = _context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with suppress(LexOpsError):
            again = _Took()
            line, _, _ = self._prepared(addresses, where, again)
            with self._secured(line, where.host, context, again) as secured:
                chain = _chain(secured, trusted=False)
        if self._over is not None:
            raise self._over
        return took.probe(status=status, chain=chain, trust_error=why)

    def _answer(
        self, line: socket.socket, where: _Where, chain: tuple[Certificate, ...], took: _Took
    ) -> Probe:
        response, body = self._exchange(line, where, took)
        return took.probe(
            status=response.status,
            reason=one_line(response.reason),
            body=_decoded(body, response.headers.get_content_charset()),
            headers={name.lower(): value for name, value in response.getheaders()},
            chain=chain,
            cookies=tuple(map(_cookie, response.headers.get_all("Set-Cookie") or ())),
        )

    def _exchange(
        self,
        line: socket.socket,
        where: _Where,
        took: _Took,
        method: str = "GET",
        path: str | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """One request and the beginning of its answer."""
        connection = http.client.HTTPConnection(where.host, where.port)
        connection.sock, connection.response_class = line, _Final
        with self._phase("waiting for the answer", took):
            connection.request(method, path or where.path, content, {**where.headers, **(headers or {})})
            response = connection.getresponse()
        with response, self._phase("reading the body", took):
            body = response.read(BODY_LIMIT)
            if response.length and len(body) < BODY_LIMIT:
                raise http.client.IncompleteRead(body, response.length)
            return response, _unpacked(body, response.headers.get("Content-Encoding", ""))

    def _trust(self) -> ssl.SSLContext:
        context = _context()
        # From Python 3.13 on the default is stricter than the browsers whose users we speak for.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if self._ca_file is not None:
            try:
                context.load_verify_locations(self._ca_file)
            except OSError as error:
                raise QueryFailed(f"{self.target.name}: ca_file {self._ca_file}: {reason(error)}") from None
        return context

    @contextmanager
    def _phase(self, name: str, took: _Took) -> Iterator[None]:
        """Measure a phase and end it in time, also when bytes only trickle in."""
        started = time.perf_counter()
        failure: Exception | None = None
        try:
            with watchdog(self._seconds, self._cut):
                yield
        except ssl.SSLCertVerificationError:
            raise
        except (OSError, http.client.HTTPException) as error:
            failure = error
        finally:
            took.seconds[name] = time.perf_counter() - started
        if self._over is not None:
            raise self._over
        where = f"{self.target.name}: {name}"
        if isinstance(failure, TimeoutError) or took.seconds[name] >= self._seconds:
            raise TimedOut(f"{where}: no answer within {self._seconds:g} s")
        if failure is not None:
            raise Unreachable(f"{where}: {reason(failure)}")

    def _cut(self) -> None:
        line = self._line
        if line is not None:
            line.cut()

    def _let_go(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


class _Socket(ssl.SSLSocket):
    """Closed when its line was cut before the handshake: `wrap_socket` may raise then and leave it open."""

    def getpeername(self) -> Any:
        try:
            return super().getpeername()
        except OSError as error:
            self.close()
            raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)) from error


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.sslsocket_class = _Socket
    return context


class _Final(http.client.HTTPResponse):
    """The answer itself: what goes ahead of it, such as 103 Early Hints, is skipped.

    http.client skips only 100. After 101, which nobody has asked for, no other answer comes.
    """

    def begin(self) -> None:
        super().begin()
        while 100 < self.status < 200 and self.status != http.HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = None  # type: ignore[assignment] # as before it began
            super().begin()


@dataclass
class _Took:
    """Seconds by phase, as they are measured."""

    seconds: dict[str, float] = field(default_factory=dict)

    def probe(
        self,
        *,
        status: int = 0,
        reason: str = "",
        body: str = "",
        headers: dict[str, str] | None = None,
        chain: tuple[Certificate, ...] = (),
        trust_error: str | None = None,
        cookies: tuple[Cookie, ...] = (),
        addresses: Mapping[str, frozenset[str] | str] | None = None,
        total: float | None = None,
    ) -> Probe:
        return Probe(
            status=status,
            reason=reason,
            body=body,
            headers=headers or {},
            resolved=self.seconds.get("resolving", 0.0),
            connected=self.seconds.get("connecting", 0.0),
            secured=self.seconds.get("TLS handshake"),
            answered=self.seconds.get("waiting for the answer", 0.0),
            total=sum(self.seconds.values()) if total is None else total,
            certificate=chain[0] if chain else None,
            trust_error=trust_error,
            issuers=chain[1:],
            cookies=cookies,
            addresses=addresses or {},
        )


@dataclass(frozen=True)
class _Where:
    """A URL taken apart for one request."""

    scheme: str
    host: str
    port: int
    path: str
    headers: dict[str, str]

    @classmethod
    def of(cls, url: str) -> _Where:
        parts = urlsplit(url)
        host = parts.hostname or ""
        query = f"?{parts.query}" if parts.query else ""
        path = quote((parts.path or "/") + query, safe="/%:@!$&'()*+,;=~?")
        name = f"[{host}]" if ":" in host else host.encode("idna").decode()
        headers = {
            "Host": f"{name}:{parts.port}" if parts.port else name,
            "User-Agent": "lexops",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        return cls(parts.scheme, host, parts.port or _PORTS.get(parts.scheme, 0), path, headers)


def _chain(line: socket.socket, *, trusted: bool) -> tuple[Certificate, ...]:
    """The certificates of a connection, its own first; where it is trusted, those by which it is.

    Python gives them openly only from 3.13 on; before, the object behind the socket has them.
    """
    name = "get_verified_chain" if trusted else "get_unverified_chain"
    if hasattr(line, name):
        found = getattr(line, name)()
    else:
        shown: Any = getattr(getattr(line, "_sslobj", None), name, list)() or ()
        found = [ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in shown]
    certificates = map(certificate_of, found)
    return tuple(certificate for certificate in certificates if certificate is not None)


def _cookie(header: str) -> Cookie:
    """A Set-Cookie header without the value, which is a secret."""
    pair, *attributes = header.split(";")
    name = one_line(pair.partition("=")[0], 100)
    return Cookie(name, frozenset("".join(one.split()).lower() for one in attributes))


def _smtp_greeting(line: socket.socket) -> tuple[int, bool]:
    """The code of a mail server's greeting, and whether TLS may be spoken now.

    Raises HTTPException, as a web server does that makes no sense.
    """
    with line.makefile("rb") as answers:
        status, _ = _smtp_reply(answers)
        if status != 220:
            return status, False
        line.sendall(b"EHLO lexops\r\n")
        _, offers = _smtp_reply(answers)
        if "STARTTLS" not in offers:
            return status, False
        line.sendall(b"STARTTLS\r\n")
        return status, _smtp_reply(answers)[0] == 220


def _smtp_reply(answers: BinaryIO) -> tuple[int, set[str]]:
    """The code of a reply and its words (RFC 5321, 4.2.1: `250-` goes on, `250 ` ends)."""
    words: set[str] = set()
    for _ in range(_SMTP_LINES):
        text = answers.readline(_SMTP_LINE).decode("ascii", "replace").rstrip("\r\n")
        if len(text) < 3 or not text[:3].isdecimal():
            raise http.client.HTTPException("the answer is not SMTP")
        words.add(text[4:].upper())
        if text[3:4] != "-":
            return int(text[:3]), words
    raise http.client.HTTPException("the answer does not end")


def _unpacked(body: bytes, coding: str) -> bytes:
    """What a server has packed, as some do without being asked to. Raises HTTPException."""
    if coding.strip().lower() not in ("gzip", "x-gzip"):
        return body
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, BODY_LIMIT)
    except zlib.error:
        raise http.client.HTTPException("the body is not gzip as it says") from None


def _decoded(body: bytes, charset: str | None) -> str:
    try:
        return body.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):  # unknown, or known and no encoding of pages
        return body.decode("utf-8", "replace")
