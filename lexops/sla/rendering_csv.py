"""A report as CSV (RFC 4180): one table of fixed columns, safe to open in a spreadsheet. Pure."""

from __future__ import annotations

import csv as written
from collections.abc import Iterator
from io import StringIO

from lexops.calendars.business import moment
from lexops.clock import utc_text
from lexops.sla import rendering as shown
from lexops.sla.view import Report
from lexops.text import one_line

COLUMNS = (
    "section",
    "month",
    "site",
    "group",
    "name",
    "clock",
    "round",
    "incident",
    "title",
    "priority",
    "client",
    "provider",
    "met",
    "missed",
    "percent",
    "low",
    "high",
    "percent_before",
    "median_seconds",
    "p90_seconds",
    "worst_seconds",
    "used_percent",
    "due",
    "end",
    "over_seconds",
    "paused_seconds",
    "pauses",
    "open",
    "responsibility",
    "reason",
    "day",
    "closed",
    "now",
    "text",
)
"""Never reordered or renamed; new ones come last."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv(report: Report) -> str:
    """Every section's rows, in the order of the text; what a section does not have is empty."""
    file = StringIO()
    writer = written.DictWriter(file, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    shared = {"month": report.month, "site": report.site}
    for row in _rows(report):
        writer.writerow({name: cell(value) for name, value in (shared | row).items()})
    return file.getvalue()


def cell(value: object) -> str:
    """One value; text that a spreadsheet would take for a formula begins with an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    text = one_line(value, 100_000)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _rows(report: Report) -> Iterator[dict[str, object]]:
    yield from _summary(report)
    for restated in report.restatements:
        yield {
            "section": "restatement",
            "text": restated.what,
            "closed": restated.closed,
            "now": restated.now,
        }
    for each in report.attainments:
        yield {
            "section": "attainment",
            "group": each.group,
            "name": each.name,
            "clock": each.kind,
            "met": each.met,
            "missed": each.missed,
            "percent": _percent(each.percent),
            "low": _percent(each.low),
            "high": _percent(each.high),
            "percent_before": _percent(each.before),
            "median_seconds": each.median,
            "p90_seconds": each.p90,
            "worst_seconds": each.worst,
        }
    for month, met, missed in report.trend:
        yield {"section": "trend", "name": month, "met": met, "missed": missed}
    yield from _breaches(report)
    for incident, kind, round, used in report.saved:
        saved = {"incident": incident, "clock": kind, "round": round, "used_percent": used}
        yield {"section": "saved", **saved}
    for cell_of in report.days:
        yield {
            "section": "day",
            "client": cell_of.client,
            "day": cell_of.day.isoformat(),
            "met": cell_of.met,
            "missed": cell_of.missed,
        }
    for line in report.definitions:
        yield {"section": "definition", "text": line}


def _summary(report: Report) -> Iterator[dict[str, object]]:
    head = shown.head(report)
    for alarm in head.alarms:
        yield {"section": "alarm", "text": alarm}
    for name, words in head.lines:
        yield {"section": "summary", "name": name, "text": words}


def _breaches(report: Report) -> Iterator[dict[str, object]]:
    for each in report.breaches:
        yield {
            "section": "breach",
            "clock": each.kind,
            "round": each.round,
            "incident": each.incident,
            "title": each.title,
            "priority": each.priority,
            "client": each.client,
            "provider": each.provider,
            "due": None if each.due is None else utc_text(moment(each.due)),
            "end": None if each.is_open else utc_text(moment(each.end)),
            "over_seconds": each.over,
            "paused_seconds": each.paused,
            "pauses": "; ".join(
                f"{utc_text(moment(start))}/{'' if end is None else utc_text(moment(end))} {one_line(why)}"
                for start, end, why in each.pauses
            ),
            "open": each.is_open,
            "responsibility": each.responsibility,
            "reason": each.reason,
        }


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
