"""A network that stops forwarding."""

from __future__ import annotations

import contextlib
import socket
import threading

from tests.servers.process import (
    HOST,
)


class HalfOpenProxy:
    """A TCP proxy in front of a loopback port.

    After `freeze()` it still takes every byte and passes none on: what a firewall that has forgotten a
    connection looks like from both ends.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._frozen = threading.Event()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self) -> None:
        self._frozen.set()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection((HOST, self._target))
                self._sockets += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self._frozen.is_set():
                    sink.sendall(data)
            if not self._frozen.is_set():
                sink.shutdown(socket.SHUT_WR)

    def remove(self) -> None:
        for each in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
