"""An HTTPS server in this process, with an authority of its own."""

from __future__ import annotations

import contextlib
import http.server
import ipaddress
import shutil
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from tests.servers.process import (
    HOST,
    short_folder,
)


class Authority:
    """A certificate authority of the tests' own."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "LexOps test authority")])
        self.certificate = self._sign(self.name, self.key, timedelta(days=3650), [], is_authority=True)
        self.above = b""
        """What a server shows below its own certificate: nothing for an authority that is known."""

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def below(self, valid_for: timedelta) -> Authority:
        """An authority that this one vouches for."""
        made = Authority()
        made.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "LexOps test issuer")])
        made.certificate = self._sign(made.name, made.key, valid_for, [], is_authority=True)
        made.above = made.pem
        return made

    def issue(
        self, folder: Path, *, names: list[str], valid_for: timedelta, rsa_bits: int = 0
    ) -> tuple[Path, Path]:
        """A certificate for `names` that runs out after `valid_for` from now (before now, if negative)."""
        key: Any = ec.generate_private_key(ec.SECP256R1())
        if rsa_bits:
            key = rsa.generate_private_key(65537, rsa_bits)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        certificate = self._sign(subject, key, valid_for, names, is_authority=False)
        chain, private = folder / "chain.pem", folder / "key.pem"
        chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + self.above)
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return chain, private

    def _sign(
        self,
        subject: x509.Name,
        key: Any,
        valid_for: timedelta,
        names: list[str],
        *,
        is_authority: bool,
    ) -> x509.Certificate:
        end = datetime.now(UTC) + valid_for
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(end, datetime.now(UTC)) - timedelta(days=1))
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
            .add_extension(_usage(is_authority), critical=True)
        )
        if names:
            alternatives = [_alternative(name) for name in names]
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        return builder.sign(self.key, hashes.SHA256())


def _usage(is_authority: bool) -> x509.KeyUsage:
    nothing = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign"), False
    )
    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
        **nothing,
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


Site = Callable[[str, str, str], tuple[int, dict[str, str], list[str], bytes]]
"""From request line, form and cookies to status, headers, cookies and body."""


class HTTPSServer:
    """An HTTPS server in this process; set `status`, `body`, `headers` and `delay` (seconds) as needed.

    `site` answers instead, when it is set.
    """

    def __init__(self) -> None:
        self.folder = short_folder()
        self.authority = Authority()
        self.ca_file = self.folder / "ca.pem"
        self.ca_file.write_bytes(self.authority.pem)
        self.status = 200
        self.body = b"OK"
        self.headers: dict[str, str] = {}
        self.delay = 0.0
        self.cookies: list[str] = []
        self.site: Site | None = None
        self.requests = 0
        self._server = _TLSServer((HOST, 0), _handler(self))
        self.certify()
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}/health"

    def certify(
        self,
        *,
        names: list[str] | None = None,
        days: float = 90,
        issuer: Authority | None = None,
        rsa_bits: int = 0,
    ) -> None:
        """Show a new certificate from now on, valid for `days` more; negative: expired."""
        pair = (issuer or self.authority).issue(
            self.folder, names=names or [HOST], valid_for=timedelta(days=days), rsa_bits=rsa_bits
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # so that weak certificates can be shown, too
        context.load_cert_chain(*pair)
        self._server.context = context

    def remove(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(60)
        shutil.rmtree(self.folder, ignore_errors=True)


class _TLSServer(http.server.ThreadingHTTPServer):
    context: ssl.SSLContext
    daemon_threads = True
    block_on_close = False

    def finish_request(self, request: Any, client_address: Any) -> None:
        """The handshake happens in the connection's own thread, so that a slow client hinders nobody."""
        with contextlib.suppress(OSError), self.context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def shutdown_request(self, request: Any) -> None:
        request.close()


def _handler(owner: HTTPSServer) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            owner.requests += 1
            time.sleep(owner.delay)
            if owner.site is not None:
                form = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                answer = owner.site(f"{self.command} {self.path}", form, self.headers.get("Cookie") or "")
                owner.status, owner.headers, owner.cookies, owner.body = answer
            self.send_response(owner.status)
            for name, value in owner.headers.items():
                self.send_header(name, value)
            for cookie in owner.cookies:
                self.send_header("Set-Cookie", cookie)
            if "Content-Length" not in owner.headers:
                self.send_header("Content-Length", str(len(owner.body)))
            self.end_headers()
            self.wfile.write(owner.body)

        def log_message(self, *_: object) -> None:
            return

    return Handler


# A bad network.
