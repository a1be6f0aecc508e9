"""Foreign plug-ins, run unchanged: monitoring-plugins executables (check_postgres and the like) with exit
code, text and performance data, and Checkmk local checks with a line for each service.

Format: monitoring-plugins.org, developer guidelines, "Plugin Output" and "Performance data".
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

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
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_PERFDATA = re.compile(rf"(?:'((?:[^']|'')+)'|([^\s'=]+))=({_NUMBER.pattern})([^\s;]*)(?:;(\S*))?")
_LOCAL = re.compile(r"""([0-3P])\s+(?:"([^"]+)"|'([^']+)'|(\S+))\s+(\S+)(?:\s+(.*))?""")
_SIZES = {"B": 0, "KB": 1, "MB": 2, "GB": 3, "TB": 4, "KiB": 1, "MiB": 2, "GiB": 3, "TiB": 4}
_UNITS = {"s": ("s", 1.0), "ms": ("s", 1e-3), "us": ("s", 1e-6), "%": ("%", 1.0)} | {
    unit: ("B", 1024.0**power) for unit, power in _SIZES.items()
}


class PluginProcess:
    """A plug-in under way, in a process group of its own so that it ends with its children.

    It starts in `folder`, the site's: what it names relative to it is found whoever starts the worker.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.memory = Memory()
        self._folder = folder
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
                cwd=self._folder,
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            )
        except OSError as error:
            raise QueryFailed(f"{command[0]} cannot be started: {error.strerror}") from None
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            output = pipe.read(OUTPUT)
            while pipe.read(OUTPUT):
                pass  # a plug-in that may not write to its end is killed, and its verdict lost
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
    """What the exit code and output of a monitoring-plugins executable say.

    The first line is the text, then come lines of details; performance data follow the first bar of each:
    on the first line, and from anywhere in the details to their end.
    """
    first, _, rest = output.lstrip().partition("\n")
    text, _, perfdata = first.partition("|")
    details, _, more = rest.partition("|")
    status = _STATUS.get(code, Status.UNKNOWN)
    says = one_line(text)
    if code < 0:  # what it said last was no verdict
        says = f"ended by signal {-code}" + (f"; before, it said: {says}" if says else "")
    says = says or f"no output, exit code {code}"
    if status is Status.OK:
        yield Note("", says)
    else:
        yield Finding("plugin", says, status)
    if details.strip():
        yield Note("details", one_line(details, 2000))
    yield from metrics(f"{perfdata} {more}")


def metrics(perfdata: str) -> Iterator[Metric]:
    """The numbers of performance data, in base units; they are kept, not judged again."""
    for label, value, unit, levels in _numbers(perfdata):
        base, factor = _UNITS.get(unit, ("", 1.0))
        greatest = levels[3] if len(levels) > 3 and _NUMBER.fullmatch(levels[3]) else ""
        limit = float(greatest) * factor if greatest else None
        yield Metric(label, value * factor, base, limit=limit, info=True)


def _numbers(perfdata: str) -> Iterator[tuple[str, float, str, list[str]]]:
    """Label, value, unit, and warn, crit, min, max as far as they are there."""
    for match in _PERFDATA.finditer(perfdata):
        label = (match[1] or match[2]).replace("''", "'")
        yield one_line(label), float(match[3]), match[4], (match[5] or "").split(";")


def parse_local(code: int, output: str) -> Iterator[Observation]:
    """What the lines of a Checkmk local check say: `<status> "<service>" <metrics> <text>`.

    Each line is a service, told apart by its name. Status P means that it follows from the thresholds that
    stand with the metrics. Format: docs.checkmk.com, "Local checks".
    """
    lines = [line for line in output.split("\n") if line.strip() and not line.startswith("<<<")]
    if code != 0:
        yield Finding("plugin", f"the local check ended with exit code {code}", Status.UNKNOWN)
    elif not lines:
        yield Finding("plugin", "no output", Status.UNKNOWN)
    for line in lines:
        match = _LOCAL.fullmatch(line.strip())
        if match is None:
            yield Finding("plugin", f"not the line of a local check: {one_line(line, 80)}", Status.UNKNOWN)
        else:
            yield from _service(match)


def _service(match: re.Match[str]) -> Iterator[Observation]:
    name = one_line(match[2] or match[3] or match[4])
    numbers = list(_numbers(match[5].replace("|", " ")))
    text = one_line(match[6].replace("\\n", " ") if match[6] else "")
    status = _computed(numbers) if match[1] == "P" else _STATUS.get(int(match[1]), Status.UNKNOWN)
    if status is Status.OK:
        yield Note(name, text or "OK")
    else:
        yield Finding(name, f"{name}: {text}" if text else name, status)
    for label, value, _, levels in numbers:
        greatest = levels[3] if len(levels) > 3 and _NUMBER.fullmatch(levels[3]) else ""
        yield Metric(label, value, "", float(greatest) if greatest else None, name, info=True)


def _computed(numbers: list[tuple[str, float, str, list[str]]]) -> Status:
    """The worst of metrics by the thresholds `warn;crit`, each `upper` or `lower:upper`; UNKNOWN without."""
    worst = Status.OK if numbers else Status.UNKNOWN
    for _, value, _, levels in numbers:
        for text, status in zip(levels, (Status.WARNING, Status.CRITICAL), strict=False):
            if _is_beyond(value, text) and status.rank > worst.rank:
                worst = status
    return worst


def _is_beyond(value: float, text: str) -> bool:
    low, colon, high = text.rpartition(":")
    try:
        return (bool(high) and value >= float(high)) or (bool(colon and low) and value < float(low))
    except ValueError:
        return False


def as_check(name: str, settings: PluginSettings, kind: Kind) -> RunnableCheck:
    """A configured plug-in as a check."""
    definition = Check(
        id=f"plugin.{name}",
        title=settings.title or name,
        area=Area.HEALTH,
        kinds=frozenset({kind}),
        meaning=f"Runs {settings.command[0]} and takes over what it says.",
        mend="See the plug-in's own documentation.",
        source="the plug-in's own thresholds",
        every=settings.every,
        timeout=settings.timeout,
        attempts=settings.attempts,
        origin="lexops.toml",
    )
    return RunnableCheck(definition, _collector(settings))


def _collector(settings: PluginSettings) -> Callable[[PluginProcess], list[Observation]]:
    read = _FORMATS[settings.format]

    def collect(process: PluginProcess) -> list[Observation]:
        return list(read(*process.run(settings.command)))

    return collect


_FORMATS: Mapping[str, Callable[[int, str], Iterator[Observation]]] = {
    "nagios": parse,
    "checkmk": parse_local,
}
