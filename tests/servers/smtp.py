"""A mail server in this process that takes no mail: greeting, EHLO, STARTTLS, QUIT."""

from __future__ import annotations

import contextlib
import shutil
import socketserver
import ssl
import threading
from datetime import timedelta

from tests.servers.https import Authority
from tests.servers.process import HOST, short_folder


class SMTPServer:
    """Set `greeting` and `offers_tls` as needed."""

    def __init__(self) -> None:
        self.folder = short_folder()
        self.authority = Authority()
        self.ca_file = self.folder / "ca.pem"
        self.ca_file.write_bytes(self.authority.pem)
        self.greeting = "220 mail.example ESMTP"
        self.offers_tls = True
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.certify()
        self._server = socketserver.ThreadingTCPServer((HOST, 0), _dialog(self, self._context))
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"smtp://{HOST}:{self.port}"

    def certify(self, *, days: float = 90) -> None:
        """Show a new certificate from now on, valid for `days` more; negative: expired."""
        pair = self.authority.issue(self.folder, names=[HOST], valid_for=timedelta(days=days))
        self._context.load_cert_chain(*pair)

    def remove(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(60)
        shutil.rmtree(self.folder, ignore_errors=True)


def _dialog(owner: SMTPServer, context: ssl.SSLContext) -> type[socketserver.BaseRequestHandler]:
    class Dialog(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                self.wfile.write(f"{owner.greeting}\r\n".encode())
                while line := self.rfile.readline(1000):
                    if self._answered(line.strip().upper()):
                        return

        def _answered(self, command: bytes) -> bool:
            """Answer a command; gives whether that was the last one."""
            if command.startswith(b"EHLO"):
                tls = b"250-STARTTLS\r\n" if owner.offers_tls else b""
                self.wfile.write(b"250-mail.example\r\n" + tls + b"250 SIZE 1000\r\n")
            elif command == b"STARTTLS":
                self.wfile.write(b"220 go ahead\r\n")
                with context.wrap_socket(self.request, server_side=True) as secured:
                    secured.recv(100)
                return True
            elif command == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return True
            else:
                self.wfile.write(b"502 no\r\n")
            return False

    return Dialog
