"""Hosts: this machine, or another one over SSH."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.resources import files

from lexops.errors import LexOpsError, TimedOut
from lexops.targets.facts import REAL_KINDS, parse_facts
from lexops.targets.memory import Memory
from lexops.targets.model import HostFacts, Target
from lexops.targets.session import Once, Session
from lexops.targets.ssh import Shell

LOOK_SECONDS = 25.0
"""What one look at another machine may take."""


class Host(Session):
    """A host; one look at it serves all checks until `fresh`."""

    def __init__(self, target: Target, look: Callable[[], HostFacts], shell: Shell | None = None) -> None:
        self.target = target
        self.memory = Memory()
        self._look = Once(look)
        self._shell = shell
        self._over: LexOpsError | None = None

    @classmethod
    def local(cls, target: Target) -> Host:
        """This machine."""
        from lexops.targets.local import local_facts

        return cls(target, local_facts)

    @classmethod
    def remote(cls, target: Target, shell: Shell) -> Host:
        """The machine at the other end of `shell`, which it then owns."""
        return cls(target, lambda: remote_facts(shell), shell)

    def facts(self) -> HostFacts:
        """What the host tells about itself; raises TimedOut, Unreachable, or QueryFailed for nonsense."""
        if self._over is not None:
            raise self._over.with_traceback(None)
        return self._look()

    def fresh(self) -> None:
        """Look anew next time."""
        self._look.forget()

    def abort(self) -> None:
        self._over = TimedOut(f"{self.target.name}: ended because it took too long")
        if self._shell is not None:
            self._shell.abort()

    def close(self) -> None:
        if self._shell is not None:
            self._shell.close()


def remote_facts(shell: Shell) -> HostFacts:
    """One look at another machine, in one round trip."""
    script = files("lexops.targets").joinpath("facts.sh").read_text(encoding="utf-8")
    began, started = datetime.now(UTC), time.perf_counter()
    text = shell.run(f"REAL_KINDS='{' '.join(REAL_KINDS)}'\n{script}", LOOK_SECONDS)
    took = time.perf_counter() - started
    return parse_facts(text, began + timedelta(seconds=took / 2), took)
