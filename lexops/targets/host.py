"""Hosts: this machine, or another one over SSH."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Protocol

from lexops.config import HostSettings
from lexops.errors import LexOpsError, TimedOut
from lexops.targets.facts import NOT_TOLD, parse_facts, script
from lexops.targets.local import LocalShell, portable_facts
from lexops.targets.memory import Memory
from lexops.targets.model import HostFacts, Target
from lexops.targets.session import Once, Session
from lexops.targets.ssh import Shell

LOOK_SECONDS = 25.0
"""What one look at a machine may take."""


class Runner(Protocol):
    """What runs a script on a host: `Shell` or `LocalShell`."""

    def run(self, script: str, seconds: float) -> str: ...
    def abort(self) -> None: ...
    def close(self) -> None: ...


class Host(Session):
    """A host; one look at it serves all checks until `fresh`."""

    def __init__(
        self,
        target: Target,
        look: Callable[[], HostFacts],
        shell: Runner | None = None,
        settings: HostSettings = NOT_TOLD,
    ) -> None:
        self.target = target
        self.settings = settings
        self.memory = Memory()
        self._look = Once(look)
        self._shell = shell
        self._over: LexOpsError | None = None

    @classmethod
    def local(cls, target: Target, settings: HostSettings = NOT_TOLD) -> Host:
        """This machine."""
        if not Path("/proc/stat").exists():
            return cls(target, portable_facts, settings=settings)
        shell = LocalShell(target.name)
        return cls(target, lambda: local_facts(shell, settings), shell, settings)

    @classmethod
    def remote(cls, target: Target, shell: Shell, settings: HostSettings = NOT_TOLD) -> Host:
        """The machine at the other end of `shell`, which it then owns."""
        return cls(target, lambda: facts_through(shell, settings), shell, settings)

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


def facts_through(shell: Runner, settings: HostSettings = NOT_TOLD) -> HostFacts:
    """One look at a machine, in one round trip."""
    text = files("lexops.targets").joinpath("facts.sh").read_text(encoding="utf-8")
    began, started = datetime.now(UTC), time.perf_counter()
    answer = shell.run(script(settings, text), LOOK_SECONDS)
    took = time.perf_counter() - started
    return parse_facts(answer, began + timedelta(seconds=took / 2), took, settings)


def local_facts(shell: LocalShell, settings: HostSettings = NOT_TOLD) -> HostFacts:
    """One look at this machine: there is no way to it that takes time, and no other clock."""
    return replace(facts_through(shell, settings), round_trip=0.0, skew=0.0)
