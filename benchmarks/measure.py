"""Taking measurements: wall and CPU time of this process and of the children it has waited for, by turns."""

from __future__ import annotations

import resource
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.figures import Sample, Series

LONGEST = 60.0
"""Seconds that one run of a program may take."""

Run = Callable[[], Sample]


def cpu_seconds() -> float:
    """CPU used so far, user and system, by this process and the children it has waited for."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def timed(act: Callable[[], object], units: int = 1) -> Sample:
    """What one of the `units` costs that `act` does."""
    cpu, wall = cpu_seconds(), time.perf_counter()
    act()
    return Sample((time.perf_counter() - wall) / units, (cpu_seconds() - cpu) / units)


def program(
    command: Sequence[str | Path], environment: Mapping[str, str] | None = None, fine: Sequence[int] = (0,)
) -> Run:
    """Running a program to its end; an exit code that is not `fine` raises RuntimeError."""

    def run() -> Sample:
        return timed(lambda: _run(command, environment, fine))

    return run


def _run(command: Sequence[str | Path], environment: Mapping[str, str] | None, fine: Sequence[int]) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONGEST)
    if done.returncode not in fine:
        said = (done.stderr or done.stdout).strip()[-500:]
        raise RuntimeError(f"{command[0]} failed ({done.returncode}): {said}")


def by_turns(runs: Mapping[str, Run], rounds: int) -> list[Series]:
    """A B C A B C …, so that what else the machine does falls on all alike; a first round does not count."""
    for run in runs.values():
        run()
    samples: dict[str, list[Sample]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            samples[name].append(run())
    return [Series(name, tuple(taken)) for name, taken in samples.items()]
