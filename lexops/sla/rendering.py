"""What every form of a report shares, and the report as data. Pure: the same report is the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from lexops.calendars.business import moment
from lexops.clock import utc_text
from lexops.sla.definitions import lasted
from lexops.sla.report import Month
from lexops.sla.view import Attainment, Breach, Closing, Report
from lexops.text import one_line, plural

Document = dict[str, Any]


class Format(StrEnum):
    """The forms in which a report is written."""

    TEXT = "text"
    CSV = "csv"
    JSON = "json"
    HTML = "html"


SUFFIX = {Format.TEXT: "txt", Format.CSV: "csv", Format.JSON: "json", Format.HTML: "html"}


# Words and numbers.


def permille(met: int, missed: int) -> int | None:
    """What was kept of a thousand, rounded; 1000 and 0 only where it is all or nothing."""
    count = met + missed
    if count == 0:
        return None
    rounded = (2000 * met + count) // (2 * count)
    return max(1 if met else 0, min(rounded, 999 if missed else 1000))


def share(met: int, missed: int) -> str:
    """`97.3 %`, or `n/a` where nothing was counted."""
    found = permille(met, missed)
    return "n/a" if found is None else f"{found // 10}.{found % 10} %"


def change(attainment: Attainment) -> str:
    """Points more or less than in the month before: `+1.2`; empty where one of them has nothing."""
    if attainment.percent is None or attainment.before is None:
        return ""
    # Adding nothing makes of -0.0 a zero without a sign of its own.
    return f"{round(attainment.percent - attainment.before, 1) + 0.0:+.1f}"


def between(attainment: Attainment) -> str:
    """The Wilson interval: `94.2-98.7`."""
    return f"{attainment.low:.1f}-{attainment.high:.1f}" if attainment.count else ""


def label(group: str, name: str) -> str:
    """`everything`, `client ACME-1`, `no client`."""
    if group == "all":
        return "everything"
    return f"{group} {one_line(name)}" if name else f"no {group}"


def day(at: datetime, zone: ZoneInfo) -> str:
    """`2026-10-01 00:00 CEST`, with seconds where there are any."""
    local = at.astimezone(zone)
    return local.strftime("%Y-%m-%d %H:%M:%S %Z" if local.second else "%Y-%m-%d %H:%M %Z")


def at(second: int, zone: ZoneInfo) -> str:
    """A second since 1970 UTC like :func:`day`."""
    return day(moment(second), zone)


def blocks(report: Report) -> Iterator[tuple[tuple[str, str], list[Attainment]]]:
    """The attainments of each name of each group."""
    for key, found in groupby(report.attainments, key=lambda each: (each.group, each.name)):
        yield key, list(found)


def totals(report: Report) -> tuple[int, int]:
    """Met and missed of all clocks."""
    everything = [each for each in report.attainments if each.group == "all"]
    return sum(each.met for each in everything), sum(each.missed for each in everything)


@dataclass(frozen=True, slots=True)
class Head:
    """The first lines of a report."""

    title: str
    site: str
    lines: tuple[tuple[str, str], ...]
    alarms: tuple[str, ...]
    """What has to be known before anything else."""


def head(report: Report) -> Head:
    """Whose month it is, what is in it, and how far it can be trusted."""
    zone = ZoneInfo(report.zone)
    met, missed = totals(report)
    cancelled = plural(report.cancelled, "cancelled ticket")
    whom = [f"client {report.client}"] if report.client else []
    whom += [f"provider {report.provider}"] if report.provider else []
    lines = [
        ("period", f"{day(report.start, zone)} to before {day(report.end, zone)} ({report.zone})"),
        ("for", " and ".join(whom) or "all clients and providers"),
        ("known up to", day(report.cutoff, zone)),
        ("promises", f"{met:,} kept, {missed:,} broken: {share(met, missed)} kept"),
        ("not counted", f"{plural(report.still_open, 'open promise')}, {cancelled}"),
        ("closed", _closed(report, zone)),
        *(("earlier", _earlier(each, zone)) for each in report.earlier),
    ]
    alarms = [report.tampered] if report.tampered else []
    if report.behind:
        alarms.append(f"INCOMPLETE: {plural(report.behind, 'ticket')} to catch up with: lexops worker")
    return Head(
        f"SLA report: {Month.parse(report.month).words}", one_line(report.site), tuple(lines), tuple(alarms)
    )


def _closed(report: Report, zone: ZoneInfo) -> str:
    if report.closed is None:
        return "not yet"
    again = f", number {report.number}" if report.earlier else ""
    return f"{day(report.closed, zone)}{again}, SHA-256 {report.digest}"


def _earlier(closing: Closing, zone: ZoneInfo) -> str:
    said = f": {closing.said}" if closing.said else ""
    return f"{day(closing.at, zone)}, number {closing.number}{said}; SHA-256 {closing.digest}"


def unchanged(report: Report) -> str:
    """What is said of a closed month without restatements."""
    if report.behind:
        return "Nothing so far, but not everything is counted yet."
    return f"Nothing: it is as it was closed{' last' if report.earlier else ''}."


def cause(breach: Breach) -> str:
    """Whose fault a breach was, and why: `vendor: disk array failed (recorded 2 times)`."""
    if breach.responsibility is None:
        return "not recorded yet"
    again = f" (recorded {breach.changed + 1} times)" if breach.changed else ""
    return f"{breach.responsibility}: {one_line(breach.reason)}{again}"


def paused(breach: Breach, zone: ZoneInfo) -> Iterator[str]:
    """One line for each pause: when, and why; it may have ended since the moment of the report."""
    for start, end, why in breach.pauses:
        span = f"{at(start, zone)} on" if end is None else f"{at(start, zone)} to {at(end, zone)}"
        yield f"{span}: {one_line(why) or 'no reason given'}"


def clock(kind: str, round: int) -> str:
    """`response`, `update 3`."""
    return f"{kind} {round}" if round > 1 else str(kind)


def saved(report: Report) -> list[str]:
    """What was kept after a warning: `#41 update 3 91 %`."""
    return [f"#{incident} {clock(kind, round)} {used} %" for incident, kind, round, used in report.saved]


# As data.


def document(report: Report) -> Document:
    """What the report says, without what has become of it since: this is what a closing keeps."""
    return {
        "site": report.site,
        "month": report.month,
        "zone": report.zone,
        "start": utc_text(report.start),
        "end": utc_text(report.end),
        "cutoff": utc_text(report.cutoff),
        "client": report.client,
        "provider": report.provider,
        "attainments": [_attainment(each) for each in report.attainments],
        "breaches": [_breach(each) for each in report.breaches],
        "saved": [
            {"incident": incident, "clock": str(kind), "round": round, "used": used}
            for incident, kind, round, used in report.saved
        ],
        "open": report.still_open,
        "cancelled": report.cancelled,
        "days": [
            {"client": each.client, "day": each.day.isoformat(), "met": each.met, "missed": each.missed}
            for each in report.days
        ],
        "trend": [{"month": month, "met": met, "missed": missed} for month, met, missed in report.trend],
        "definitions": list(report.definitions),
    }


def as_json(report: Report) -> Document:
    """The report for programs; seconds are open seconds, moments UTC."""
    return document(report) | {
        "behind": report.behind,
        "closed": utc_text(report.closed) if report.closed else None,
        "number": report.number,
        "sha256": report.digest,
        "earlier": [
            {
                "number": each.number,
                "closed": utc_text(each.at),
                "said": each.said,
                "sha256": each.digest,
            }
            for each in report.earlier
        ],
        "tampered": report.tampered,
        "restatements": [
            {"what": each.what, "closed": each.closed, "now": each.now} for each in report.restatements
        ],
    }


def canonical(content: Document) -> str:
    """The one written form of a document, over which its digest is taken."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _attainment(each: Attainment) -> Document:
    return {
        "group": each.group,
        "name": each.name,
        "clock": str(each.kind),
        "met": each.met,
        "missed": each.missed,
        "percent": _rounded(each.percent),
        "low": _rounded(each.low),
        "high": _rounded(each.high),
        "before": _rounded(each.before),
        "median": each.median,
        "p90": each.p90,
        "worst": each.worst,
    }


def _rounded(percent: float | None) -> float | None:
    return None if percent is None else round(percent, 3)


def _breach(each: Breach) -> Document:
    return {
        "incident": each.incident,
        "title": each.title,
        "clock": str(each.kind),
        "round": each.round,
        "priority": each.priority,
        "client": each.client,
        "provider": each.provider,
        "due": None if each.due is None else utc_text(moment(each.due)),
        "end": utc_text(moment(each.end)),
        "over": each.over,
        "paused": each.paused,
        "pauses": [
            {
                "start": utc_text(moment(start)),
                "end": None if end is None else utc_text(moment(end)),
                "why": why,
            }
            for start, end, why in each.pauses
        ],
        "open": each.is_open,
        "responsibility": None if each.responsibility is None else str(each.responsibility),
        "reason": each.reason,
        "changed": each.changed,
    }


def over(breach: Breach, zone: ZoneInfo) -> str:
    """`by 1 h 05`, and where it is open, as of when: what became of it later is another month's."""
    still = f", still open at {at(breach.end, zone)}" if breach.is_open else ""
    return f"by {lasted(breach.over)}{still}"
