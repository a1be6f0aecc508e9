"""One session: what the child shows goes to the client, what is typed to the child, and both end well."""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import timedelta

import paramiko

from lexops.clock import Clock, show_duration
from lexops.tui.serving.child import Child
from lexops.tui.serving.limits import WARNING, Size, Verdict

CHUNK = 32 * 1024
"""Bytes taken from the child at once; more is not taken before the client has accepted them."""
WINDOW = 64 * 1024
"""Bytes that a client may send before the child has read them."""
TURN = 0.2
"""Seconds after which a waiting thread looks around."""
PATIENCE = timedelta(seconds=5)
"""How long a child may take to end after a hang-up, and again after being told to terminate."""
GONE = (OSError, EOFError, paramiko.SSHException)
"""What paramiko raises when the line is not there any more."""
LOST = "the line was lost"
_STAGES = (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL)

Start = Callable[[Size | None], Child]


class Session:
    """Joins a client's channel and a child until the child has ended, on its own account or by a hang-up.

    `run` blocks for as long as the session lasts; everything else may be called from other threads.
    """

    def __init__(
        self, channel: paramiko.Channel, size: Size | None, clock: Clock, patience: timedelta = PATIENCE
    ) -> None:
        self._channel = channel
        self._clock = clock
        self._patience = patience.total_seconds()
        self._lock = threading.RLock()
        self._child: Child | None = None
        self._size = size
        self._stage = 0
        self._ended_at = 0.0
        self._over = threading.Event()
        self._notice = ""
        self._noticed = False
        self.reason = ""
        """Why it was ended; empty while it goes on and when the child ended by itself."""
        self.opened = clock.monotonic()
        self.typed = None if size is None else self.opened
        """When something last came from the keyboard, by the steady clock; None without a terminal."""

    def run(self, start: Start) -> int:
        """Start the child and go on until it has ended; gives its exit status."""
        self._channel.settimeout(1.0)
        with self._lock:
            self._child = child = start(self._size)
        feeder = threading.Thread(target=self._feed, args=(child,), name="session-input", daemon=True)
        with ExitStack() as last:  # from the last to the first, whatever happens to any of them
            last.callback(self._bury)
            last.callback(lambda: feeder.join() if feeder.is_alive() else None)
            last.callback(self._close)
            last.callback(self._over.set)
            with suppress(*GONE):
                settle(self._channel)
            if child.terminal is not None:
                feeder.start()
            status = self._pump(child)
            self._over.set()  # a line that is closed from now on is not lost, but done with
            self._take_leave(status)
            return status

    def _close(self) -> None:
        with suppress(*GONE):
            self._channel.close()

    def _bury(self) -> None:
        with self._lock:
            if self._child is not None:
                self._child.bury()
            self._child = None

    def resize(self, size: Size) -> None:
        """Tell the child that the client's terminal has another size."""
        with self._lock:
            if self._size is not None:
                self._size = size
                if self._child is not None:
                    self._child.resize(size)

    def end(self, reason: str) -> None:
        """Hang up on the child; what it still writes is passed on. Only the first reason counts."""
        with self._lock:
            if not self.reason:
                self.reason = reason
                self._ended_at = self._clock.monotonic()
        self.press()

    def press(self) -> None:
        """Once the session is to end: a hang-up at once, and stronger words when patience is at an end."""
        if not self.reason and not self._over.is_set() and self._is_lost():
            self.end(LOST)
        with self._lock:
            if not self.reason or self._child is None or self._stage == len(_STAGES):
                return
            if self._clock.monotonic() - self._ended_at >= self._stage * self._patience:
                self._child.signal(_STAGES[self._stage])
                self._stage += 1

    def warn(self, verdict: Verdict) -> None:
        """Say once that the session is about to end."""
        if not self._notice:
            self._notice = f"LexOps: this session {verdict.value}: in {show_duration(WARNING)}"

    def is_stuck(self) -> bool:
        """Whether it is still there though its child was killed: its client takes nothing any more."""
        return self._stage == len(_STAGES) and self._clock.monotonic() - self._ended_at > 3 * self._patience

    def is_overrun(self) -> bool:
        """Whether the client sends more than it was allowed to."""
        return len(self._channel.in_buffer) + len(self._channel.in_stderr_buffer) > 4 * WINDOW

    # The child's side.

    def _pump(self, child: Child) -> int:
        """Pass on what the child writes until it has ended and all is said."""
        sends = {child.output: self._channel.send}
        if child.errors is not None:
            sends[child.errors] = self._channel.send_stderr
        watch = select.poll()
        for handle in sends:
            watch.register(handle, select.POLLIN)
        while True:
            status = child.status()
            if status is not None:
                child.signal(signal.SIGKILL)  # what it left running; nobody is there to speak to
            elif not sends:
                child.wait(TURN)
            ready = watch.poll(0 if status is not None or not sends else TURN * 1000)
            for handle, _ in ready:
                if data := _read(handle):
                    self._pass_on(sends[handle], data)
                else:
                    watch.unregister(handle)
                    del sends[handle]
            if status is not None and not ready:
                return status
            if not ready:
                self._notify()
            self.press()

    def _pass_on(self, send: Callable[[bytes], int], data: bytes) -> None:
        """Send it all, however long the client takes: meanwhile nothing more is read from the child."""
        while data and not self._is_lost() and not self.is_stuck():
            try:
                data = data[send(data) :]
            except TimeoutError:
                self.press()
            except GONE:
                self.end(LOST)
                return

    def _is_lost(self) -> bool:
        return self._channel.closed or not self._channel.get_transport().is_active()

    def _take_leave(self, status: int) -> None:
        try:
            if self.reason:
                tell(self._channel, f"session ended: {self.reason}", self._size is not None)
            self._channel.send_exit_status(status)
        except GONE:
            self.end(LOST)

    def _notify(self) -> None:
        """Write the notice over the terminal's last line, between two things the child writes."""
        if self._notice and not self._noticed and self._size is not None:
            self._noticed = True
            text = self._notice[: self._size.width - 1]
            line = f"\x1b7\x1b[{self._size.height};1H\x1b[7m{text}\x1b[K\x1b[m\x1b8\a"
            self._pass_on(self._channel.send, line.encode())

    # The client's side.

    def _feed(self, child: Child) -> None:
        """Pass on what the client types, no faster than the child reads it."""
        while not self._over.is_set():
            try:
                data = self._channel.recv(CHUNK)
            except TimeoutError:
                continue
            except GONE:
                return
            if not data:
                return
            self.typed = self._clock.monotonic()
            self._withdraw_notice(child)
            self._type(child, data)

    def _type(self, child: Child, data: bytes) -> None:
        assert child.terminal is not None
        watch = select.poll()
        watch.register(child.terminal, select.POLLOUT)
        while data and not self._over.is_set():
            if not watch.poll(TURN * 1000):
                continue
            try:
                data = data[os.write(child.terminal, data) :]
            except BlockingIOError:
                continue
            except OSError:
                return

    def _withdraw_notice(self, child: Child) -> None:
        """After a notice: somebody is there, so the child is made to draw everything anew."""
        with self._lock:
            if self._noticed and self._size is not None:
                child.resize(Size(self._size.width, self._size.height - 1))
                child.resize(self._size)
            self._notice, self._noticed = "", False


def settle(channel: paramiko.Channel) -> None:
    """Wait until the client has heard that its request was granted.

    Whatever is sent before, an end above all, would overtake the answer. That line's thread answers requests
    in their order: once it has handled the client's answer to one of ours, it has sent its own.
    """
    channel.get_transport().global_request("keepalive@openssh.com", wait=True)


def tell(channel: paramiko.Channel, text: str, terminal: bool) -> None:
    """Say a line beside the data; on a terminal nobody else returns the carriage."""
    channel.send_stderr(f"LexOps: {text}".encode() + (b"\r\n" if terminal else b"\n"))


def _read(handle: int) -> bytes:
    """What is there to be read; empty at the end, which a terminal tells by an error."""
    try:
        return os.read(handle, CHUNK)
    except OSError:
        return b""
