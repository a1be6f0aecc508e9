"""What LexOps knows, in the formats of other monitoring systems. States, numbers and summaries; no evidence.

Nothing is told better than it is: what is stale or not seen is UNKNOWN there, and its numbers are left out.
Formats: prometheus.io, "Exposition formats" 0.0.4; monitoring-plugins.org, developer guidelines; Nagios,
"External commands"; docs.checkmk.com, "Local checks" and "The spool directory".
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, and_, select

from lexops.checks import read
from lexops.checks.model import Status
from lexops.checks.schedule import AHEAD
from lexops.checks.tables import check_table, point_table, series_table
from lexops.checks.view import CheckRow, Flag
from lexops.clock import utc_text
from lexops.text import one_line

LINE = 3000
"""Characters of a line for Nagios: what is written to its pipe at once must not be torn (PIPE_BUF)."""
NUMBERS = {Status.OK: 0, Status.WARNING: 1, Status.CRITICAL: 2, Status.UNKNOWN: 3}
"""The states of monitoring-plugins; every other status is one of ours."""
UNKNOWN = 3
_WORDS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")


@dataclass(frozen=True, slots=True)
class Sample:
    """The newest value of a metric, in base units."""

    name: str
    item: str
    unit: str
    value: float
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """One check on one target with its newest numbers."""

    row: CheckRow
    samples: tuple[Sample, ...] = ()

    @property
    def is_stale(self) -> bool:
        return Flag.STALE in self.row.flags

    @property
    def number(self) -> int:
        """The state as a monitoring plug-in would end: what is not known to be good is 3."""
        status = self.row.status
        if status is Status.NOT_APPLICABLE:
            status = Status.OK
        if status is Status.OK and self.is_stale:
            return 3
        return NUMBERS.get(status, 3) if status is not None else 3

    @property
    def text(self) -> str:
        """The summary with the circumstances in brackets; never with a sign that the formats read.

        A status that the number does not tell stands before it.
        """
        row = self.row
        status = row.status.value if row.status else "NOT LOOKED AT YET"
        said = row.summary or status
        if status != _WORDS[self.number] and row.summary:
            said = f"{status}: {said}"
        flags = f" [{', '.join(sorted(row.flags))}]" if row.flags else ""
        return one_line(f"{said}{flags}", 1000).replace("|", "/")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that is exported, at one moment."""

    at: datetime
    checks: tuple[Exported, ...]
    worker_beat: datetime | None = None


def snapshot(connection: Connection, at: datetime) -> Snapshot:
    """All checks as they stand, from the store alone: no target is looked at."""
    fleet = read.fleet(connection, at)
    samples = _newest(connection, at)
    checks = tuple(
        Exported(row, () if _is_silent(row) else tuple(samples.get((row.target, row.check), ())))
        for row in fleet.checks
    )
    return Snapshot(at, checks, fleet.worker.beat if fleet.worker else None)


def _is_silent(row: CheckRow) -> bool:
    """Whether its numbers say nothing about now."""
    return Flag.STALE in row.flags or row.status in (None, Status.UNKNOWN, Status.NOT_APPLICABLE)


def _newest(connection: Connection, now: datetime) -> dict[tuple[str, str], list[Sample]]:
    """The newest value of each metric; those that the last looks did not see any more are left out."""
    checks, points, series = check_table.c, point_table.c, series_table.c
    at, value = (
        select(column)
        .where(points.series == series.id, points.step == 0, points.at <= now + AHEAD)
        .order_by(points.at.desc())
        .limit(1)
        .scalar_subquery()
        .label(name)
        for name, column in (("at", points.at), ("value", points.mean))
    )
    found: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    query = (
        select(series_table, at, value, checks.checked, checks.stale_after)
        .join_from(
            series_table, check_table, and_(checks.target == series.target, checks.check == series.check)
        )
        .where(checks.checked.is_not(None))
        .order_by(series.info, series.name, series.item)
    )
    for row in connection.execute(query):
        if row.at is not None and row.at >= row.checked - timedelta(seconds=row.stale_after):
            found[row.target, row.check].append(Sample(row.name, row.item, row.unit, row.value, row.limit))
    return found


# monitoring-plugins and Nagios


def plugin_output(checks: Sequence[Exported]) -> tuple[int, str]:
    """Exit code and output of a monitoring plug-in that tells these checks, the worst of them first."""
    if not checks:
        return 3, "UNKNOWN: no such check here\n"
    ordered = sorted(checks, key=lambda e: -_BADNESS[e.number])
    first = ordered[0]
    head = f"{_WORDS[first.number]} - {first.row.target} {first.row.check}: {first.text}"
    lines = [f"{one_line(head, LINE)} | {perfdata(first)}".removesuffix(" | ")]
    lines += [
        one_line(f"{_WORDS[e.number]} - {e.row.target} {e.row.check}: {e.text}", LINE) for e in ordered[1:]
    ]
    return first.number, "\n".join(lines) + "\n"


_BADNESS = (0, 1, 3, 2)
"""How bad 0, 1, 2 and 3 are: critical is worse than unknown."""


def perfdata(exported: Exported) -> str:
    """The numbers as performance data: `'label'=value[unit];;;;max`."""
    return " ".join(
        f"'{_label(sample)}'={sample.value:.10g}{sample.unit}"
        + (f";;;;{sample.limit:.10g}" if sample.limit is not None else "")
        for sample in exported.samples
    )


def _label(sample: Sample) -> str:
    """The name with its item, without the signs that a label may not have."""
    label = f"{sample.name} {sample.item}".strip()
    return one_line(label, 100).translate({ord("'"): "’", ord("="): "-", ord("|"): "/"})


def nagios(now: Snapshot) -> str:
    """Passive results as Nagios' and Icinga's external commands; what was never looked at is left out."""
    seconds = int(now.at.timestamp())
    return "".join(
        f"[{seconds}] PROCESS_SERVICE_CHECK_RESULT;{_field(e.row.target)};{_field(e.row.check)};{e.number};"
        f"{_cut(f'{e.text} | {perfdata(e)}'.removesuffix(' | '))}\n"
        for e in now.checks
        if e.row.status not in (None, Status.PENDING)
    )


def _field(text: str) -> str:
    """A field of an external command: it can neither end itself nor the line."""
    return one_line(text, 120).replace(";", ",").replace("|", "/")


def _cut(text: str) -> str:
    """No longer than a line may be; performance data are cut between two of them."""
    if len(text.encode()) <= LINE:
        return text
    return text.encode()[:LINE].decode("utf-8", "ignore").rpartition(" ")[0].rstrip(" |")


# Checkmk

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")


def checkmk(now: Snapshot) -> str:
    """Local checks, one service for each check on a target."""
    lines = ["<<<local:sep(0)>>>"]
    for exported in now.checks:
        row = exported.row
        service = one_line(f"LexOps {row.target} {row.check}", 200).replace('"', "'")
        numbers = "|".join(f"{_name(s)}={s.value:.10g}" for s in exported.samples) or "-"
        text = exported.text.replace("\\", "/")
        lines.append(f'{exported.number} "{service}" {numbers} {text}')
    return "\n".join(lines) + "\n"


def _name(sample: Sample) -> str:
    return _NOT_IN_NAMES.sub("_", f"{sample.name} {sample.item}".strip())[:100]


# Prometheus

_STATES = "0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, 4 PENDING or not looked at yet, 5 NOT APPLICABLE"
_STATUS = NUMBERS | {Status.PENDING: 4, Status.NOT_APPLICABLE: 5}
PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def prometheus(now: Snapshot) -> str:
    """The text format of Prometheus: states, flags, moments and the newest numbers. No summaries."""
    lines: list[str] = []

    def family(name: str, help_: str, samples: Iterable[tuple[str, float]]) -> None:
        lines.extend((f"# HELP lexops_{name} {help_}", f"# TYPE lexops_{name} gauge"))
        lines.extend(f"lexops_{name}{labels} {value:.17g}" for labels, value in samples)

    family("check_status", f"What a check says: {_STATES}.", _each(now, _status))
    for flag in Flag:
        family(f"check_{flag.value}", f"Whether a check is: {flag.value}.", _each(now, partial(_flag, flag)))
    family(
        "check_last_run_timestamp_seconds",
        "When a check was looked at last.",
        _each(now, lambda e: e.row.checked.timestamp() if e.row.checked else None),
    )
    family("metric", "The newest value of a metric; left out while it says nothing about now.", _values(now))
    family("metric_limit", "What a metric cannot or must not exceed.", _limits(now))
    beats = [("", now.worker_beat.timestamp())] if now.worker_beat else []
    family("worker_beat_timestamp_seconds", "The newest sign of life of a worker.", beats)
    family("export_timestamp_seconds", "When this was read.", [("", now.at.timestamp())])
    return "\n".join(lines) + "\n"


def _flag(flag: Flag, exported: Exported) -> float:
    return float(flag in exported.row.flags)


def _status(exported: Exported) -> float:
    status = exported.row.status
    return float(_STATUS[status]) if status is not None else 4.0


def _each(now: Snapshot, value: Callable[[Exported], float | None]) -> Iterator[tuple[str, float]]:
    for exported in now.checks:
        found = value(exported)
        if found is not None:
            yield _labels(exported), found


def _values(now: Snapshot) -> Iterator[tuple[str, float]]:
    for exported in now.checks:
        for sample in exported.samples:
            yield _labels(exported, sample), sample.value


def _limits(now: Snapshot) -> Iterator[tuple[str, float]]:
    for exported in now.checks:
        for sample in exported.samples:
            if sample.limit is not None:
                yield _labels(exported, sample), sample.limit


def _labels(exported: Exported, sample: Sample | None = None) -> str:
    row = exported.row
    labels = {
        "target": row.target,
        "check": row.check,
        "area": row.area.value,
        "environment": row.environment,
    }
    if sample is not None:
        labels |= {"metric": sample.name, "item": sample.item, "unit": sample.unit}
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return one_line(value, 200).replace("\\", "\\\\").replace('"', '\\"')


# JSON


def document(now: Snapshot) -> dict[str, Any]:
    """The same as data."""
    return {
        "at": utc_text(now.at),
        "worker_beat": utc_text(now.worker_beat) if now.worker_beat else None,
        "checks": [_json(exported) for exported in now.checks],
    }


def _json(exported: Exported) -> dict[str, Any]:
    row = exported.row
    return {
        "target": row.target,
        "check": row.check,
        "area": row.area.value,
        "environment": row.environment,
        "status": row.status.value if row.status else None,
        "flags": sorted(row.flags),
        "summary": row.summary,
        "since": utc_text(row.since) if row.since else None,
        "checked": utc_text(row.checked) if row.checked else None,
        "metrics": [
            {"name": s.name, "item": s.item, "unit": s.unit, "value": s.value, "limit": s.limit}
            for s in exported.samples
        ],
    }
