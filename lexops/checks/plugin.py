"""Monitoring-plugins executables, run unchanged: exit code, one line, performance data.

Format: monitoring-plugins.org, developer guidelines, "Plugin Output" and "Performance data".
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator

from lexops.checks.contract import RunnableCheck
from lexops.checks.model import Area, Check, Finding, Metric, Note, Observation, Status
from lexops.config import PluginSettings
from lexops.errors import QueryFailed
from lexops.targets.memory import Memory
from lexops.targets.model import Kind
from lexops.text import one_line

OUTPUT = 64 * 1024
"""Bytes of a plug-in's output that are read."""
_STATUS = {0: Status.OK, 1: Status.WARNING, 2: Status.CRITICAL, 3: Status.UNKNOWN}
_PERFDATA = re.compile(
    r"(?:'((?:[^']|'')+)'|([^\s'=]+))=(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)([^\s;]*)(?:;\S*)?"
)
_SIZES = {"B": 0, "KB": 1, "MB": 2, "GB": 3, "TB": 4}
_UNITS = {"s": ("s", 1.0), "ms": ("s", 1e-3), "us": ("s", 1e-6), "%": ("%", 1.0)} | {
    unit: ("B", 1024.0**power) for unit, power in _SIZES.items()
}


class PluginProcess:
    """A plug-in under way, in a process group of its own so that it ends with its children."""

    def __init__(self) -> None:
        self.memory = Memory()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, command: list[str]) -> tuple[int, str]:
        """Exit code and standard output. Raises QueryFailed when it cannot be started."""
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            )
        except OSError as error:
            raise QueryFailed(f"{command[0]} cannot be started: {error.strerror}") from None
        assert self._process.stdout is not None
        output = self._process.stdout.read(OUTPUT)
        self._process.stdout.close()
        return self._process.wait(), output.decode("utf-8", "replace")

    def abort(self) -> None:
        process = self._process
        if process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.abort()
            self._process.wait()


def parse(code: int, output: str) -> Iterator[Observation]:
    """What a plug-in's exit code and output say."""
    text, _, perfdata = output.partition("\n")[0].partition("|")
    status = _STATUS.get(code, Status.UNKNOWN)
    says = one_line(text) or f"no output, exit code {code}"
    if status is Status.OK:
        yield Note("", says)
    else:
        yield Finding("plugin", says, status)
    long_text = " ".join(line.partition("|")[0] for line in output.splitlines()[1:])
    if long_text.strip():
        yield Note("details", one_line(long_text, 2000))
    yield from metrics(perfdata)


def metrics(perfdata: str) -> Iterator[Metric]:
    """The numbers of performance data, in base units; they are kept, not judged again."""
    for match in _PERFDATA.finditer(perfdata):
        label = (match[1] or match[2]).replace("''", "'")
        unit, factor = _UNITS.get(match[4], ("", 1.0))
        yield Metric(one_line(label, 80), float(match[3]) * factor, unit, info=True)


def as_check(name: str, settings: PluginSettings, kind: Kind) -> RunnableCheck:
    """A configured plug-in as a check."""
    definition = Check(
        id=f"plugin.{name}",
        title=settings.title or name,
        area=Area.HEALTH,
        kinds=frozenset({kind}),
        meaning=f"Runs {settings.command[0]}.",
        every=settings.every,
        timeout=settings.timeout,
        attempts=settings.attempts,
        origin="lexops.toml",
    )
    return RunnableCheck(definition, _collector(settings.command))


def _collector(command: list[str]) -> Callable[[PluginProcess], list[Observation]]:
    def collect(process: PluginProcess) -> list[Observation]:
        return list(parse(*process.run(command)))

    return collect
