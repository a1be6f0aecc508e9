"""A real ssh-agent."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.process import find_program
from tests.waiting import until


@contextmanager
def running_agent(socket: Path) -> Iterator[None]:
    """Without keys; `socket` has to be short enough for the path of one."""
    program = find_program("OpenSSH agent", "ssh-agent")
    process = subprocess.Popen([str(program), "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    try:
        until(lambda: socket.exists() or process.poll() is not None, "ssh-agent does not start")
        assert process.poll() is None, "ssh-agent does not start"
        yield
    finally:
        process.terminate()
        process.wait(60)
