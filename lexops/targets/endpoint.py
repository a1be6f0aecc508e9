"""Endpoints over HTTP and HTTPS: one plain GET, each of its phases measured and limited."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from lexops.errors import LexOpsError, QueryFailed, TimedOut, Unreachable
from lexops.targets.memory import Memory
from lexops.targets.model import Certificate, Probe, Target
from lexops.targets.network import Address, dial, reason, resolve
from lexops.targets.session import Line, Once, Session, watchdog
from lexops.text import one_line

BODY_LIMIT = 64 * 1024
"""Bytes of the body that are read."""


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
        expect_status: int = 200,
        expect_text: str | None = None,
        ca_file: Path | None = None,
        seconds: float = 5.0,
    ) -> None:
        self.target = target
        self.memory = Memory()
        self.url = url
        self.expect_status = expect_status
        self.expect_text = expect_text
        self._ca_file = ca_file
        self._seconds = seconds
        self._look = Once(self._ask)
        self._over: LexOpsError | None = None
        self._line: Line | None = None

    def probe(self) -> Probe:
        """Ask once. Raises Unreachable or TimedOut that name the phase, or QueryFailed for what is not HTTP.

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

    def _ask(self) -> Probe:
        where, took, trust = _Where.of(self.url), _Took(), self._trust()
        with self._phase("resolving", took):
            addresses = resolve(where.host, where.port, self._seconds)
        try:
            line = self._connected(addresses, took)
            certificate = None
            if where.secure:
                try:
                    line, certificate = self._secured(line, where.host, trust, took)
                except ssl.SSLCertVerificationError as error:
                    return self._untrusted(addresses, where, one_line(error.verify_message), took)
            with line:
                return self._answer(line, where, certificate, took)
        finally:
            self._let_go()

    def _connected(self, addresses: list[Address], took: _Took) -> socket.socket:
        with self._phase("connecting", took):
            line = dial(addresses, self._seconds)
        self._let_go()
        self._line = Line(line.fileno())
        return line

    def _secured(
        self, line: socket.socket, host: str, context: ssl.SSLContext, took: _Took
    ) -> tuple[ssl.SSLSocket, Certificate | None]:
        try:
            with self._phase("TLS handshake", took):
                secured = context.wrap_socket(line, server_hostname=host)
        except BaseException:
            line.close()
            raise
        shown = secured.getpeercert(binary_form=True)
        return secured, certificate_of(shown) if shown else None

    def _untrusted(self, addresses: list[Address], where: _Where, why: str, took: _Took) -> Probe:
        """Look once more without trust, only to say which certificate it is; nothing is sent."""
        certificate = None
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with suppress(LexOpsError):
            again = _Took()
            line, certificate = self._secured(self._connected(addresses, again), where.host, context, again)
            line.close()
        if self._over is not None:
            raise self._over
        return took.probe(status=0, reason="", body="", headers={}, certificate=certificate, trust_error=why)

    def _answer(
        self, line: socket.socket, where: _Where, certificate: Certificate | None, took: _Took
    ) -> Probe:
        connection = http.client.HTTPConnection(where.host, where.port)
        connection.sock = line
        with self._phase("waiting for the answer", took):
            connection.request("GET", where.path, headers=where.headers)
            response = connection.getresponse()
        with response, self._phase("reading the body", took):
            body = response.read(BODY_LIMIT)
        return took.probe(
            status=response.status,
            reason=one_line(response.reason),
            body=_decoded(body, response.headers.get_content_charset()),
            headers={name.lower(): value for name, value in response.getheaders()},
            certificate=certificate,
        )

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
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
            kind = Unreachable if isinstance(failure, OSError) else QueryFailed
            raise kind(f"{where}: {reason(failure)}")

    def _cut(self) -> None:
        line = self._line
        if line is not None:
            line.cut()

    def _let_go(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


@dataclass
class _Took:
    """Seconds by phase, as they are measured."""

    seconds: dict[str, float] = field(default_factory=dict)

    def probe(
        self,
        *,
        status: int,
        reason: str,
        body: str,
        headers: dict[str, str],
        certificate: Certificate | None,
        trust_error: str | None = None,
    ) -> Probe:
        return Probe(
            status=status,
            reason=reason,
            body=body,
            headers=headers,
            resolved=self.seconds["resolving"],
            connected=self.seconds["connecting"],
            secured=self.seconds.get("TLS handshake"),
            answered=self.seconds.get("waiting for the answer", 0.0),
            total=sum(self.seconds.values()),
            certificate=certificate,
            trust_error=trust_error,
        )


@dataclass(frozen=True)
class _Where:
    """A URL taken apart for one request."""

    secure: bool
    host: str
    port: int
    path: str
    headers: dict[str, str]

    @classmethod
    def of(cls, url: str) -> _Where:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
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
        return cls(secure, host, parts.port or (443 if secure else 80), path, headers)


def certificate_of(der: bytes) -> Certificate | None:
    """A certificate in DER as values; None for one that is not well formed."""
    from cryptography import x509

    try:
        certificate = x509.load_der_x509_certificate(der)
        return Certificate(
            subject=one_line(certificate.subject.rfc4514_string()),
            issuer=one_line(certificate.issuer.rfc4514_string()),
            names=_names(certificate),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
        )
    except ValueError:
        return None


def _names(certificate: object) -> tuple[str, ...]:
    from cryptography import x509

    assert isinstance(certificate, x509.Certificate)
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    hosts = names.get_values_for_type(x509.DNSName)
    return tuple(one_line(name) for name in (*hosts, *names.get_values_for_type(x509.IPAddress)))


def _decoded(body: bytes, charset: str | None) -> str:
    try:
        return body.decode(charset or "utf-8", "replace")
    except LookupError:
        return body.decode("utf-8", "replace")
