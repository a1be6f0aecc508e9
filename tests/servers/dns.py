"""A DNS resolver in this process, on loopback, over UDP and TCP."""

from __future__ import annotations

import contextlib
import socketserver
import struct
import threading
from ipaddress import ip_address

from tests.servers.process import HOST


class DNSServer:
    """Answers every question with `addresses`; `code` is 3 for a name that does not exist."""

    def __init__(self) -> None:
        self.addresses = ["192.0.2.10"]
        self.code = 0
        self.cut_short = False
        self.silent = False
        self.garbage: bytes | None = None
        self._over_tcp, self._over_udp = self._bound()
        self.port: int = self._over_tcp.server_address[1]
        self._threads = []
        for server in (self._over_tcp, self._over_udp):
            server.daemon_threads = True
            thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _bound(self) -> tuple[socketserver.ThreadingTCPServer, socketserver.ThreadingUDPServer]:
        """Both servers on one number, which is looked for until it is free for both."""
        while True:
            over_tcp = socketserver.ThreadingTCPServer((HOST, 0), _stream(self))
            try:
                return over_tcp, socketserver.ThreadingUDPServer(over_tcp.server_address, _datagram(self))
            except OSError:  # another one has the number for UDP
                over_tcp.server_close()

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    def answer(self, asked: bytes, *, cut_short: bool) -> bytes:
        """The message that answers a question."""
        if self.garbage is not None:
            return asked[:2] + self.garbage
        kind = struct.unpack(">H", asked[-4:-2])[0]
        packed = [ip_address(address).packed for address in self.addresses]
        records = [data for data in packed if len(data) == {1: 4, 28: 16}[kind]]
        if cut_short or self.code:
            records = []
        flags = 0x8180 | self.code | (0x0200 if cut_short else 0)
        head = asked[:2] + struct.pack(">5H", flags, 1, len(records), 0, 0) + asked[12:]
        return head + b"".join(
            struct.pack(">3HIH", 0xC00C, kind, 1, 60, len(data)) + data for data in records
        )

    def remove(self) -> None:
        for server in (self._over_tcp, self._over_udp):
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join(60)


def _datagram(owner: DNSServer) -> type[socketserver.BaseRequestHandler]:
    class Datagram(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            asked, line = self.request
            if not owner.silent:
                line.sendto(owner.answer(asked, cut_short=owner.cut_short), self.client_address)

    return Datagram


def _stream(owner: DNSServer) -> type[socketserver.BaseRequestHandler]:
    class Stream(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                asked = self.rfile.read(int.from_bytes(self.rfile.read(2), "big"))
                answer = owner.answer(asked, cut_short=False)
                self.wfile.write(struct.pack(">H", len(answer)) + answer)

    return Stream
