"""Providers: what they have promised beside what was measured, as text and as data. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from lexops.calendars.model import Calendar
from lexops.calendars.notation import show_week
from lexops.cli.program import table
from lexops.config import ProviderSettings
from lexops.sla.definitions import is_always_open, lasted
from lexops.sla.rendering import between, cause, change, clock, over, share, totals
from lexops.sla.report import Month
from lexops.sla.view import Attainment, Breach, Report, Responsibility
from lexops.text import one_line, plural

UNKNOWN = "not recorded"


@dataclass(frozen=True, slots=True)
class Card:
    """One provider's entry in the register beside a month's report of the tickets it had to do with."""

    name: str
    settings: ProviderSettings
    calendar: Calendar | None
    """Its hours; None where the register names a calendar that is not there."""
    today: date
    report: Report

    @property
    def days_left(self) -> int | None:
        """Until the contract ends; negative after it, None where no end is known."""
        return None if self.settings.ends is None else (self.settings.ends - self.today).days

    @property
    def measured(self) -> list[Attainment]:
        return [each for each in self.report.attainments if each.group == "all"]

    @property
    def theirs(self) -> list[Breach]:
        """What was broken and accounted for as the vendor's."""
        return [each for each in self.report.breaches if each.responsibility is Responsibility.VENDOR]

    @property
    def causes(self) -> dict[str, int]:
        """How many promises were broken by whom."""
        counts = Counter(each.responsibility for each in self.report.breaches)
        whose = {str(each): counts[each] for each in Responsibility}
        return whose | {UNKNOWN: counts[None]}


def hours(card: Card) -> str:
    """`24/7`, or when it is there."""
    if card.calendar is None:
        return f"unknown: there is no calendar {card.settings.calendar}"
    if is_always_open(card.calendar):
        return f"24/7 (calendar {card.settings.calendar})"
    period = card.calendar.periods[-1]
    return f"not 24/7: {show_week(period.week)} {period.zone.key} (calendar {card.settings.calendar})"


def ends(card: Card) -> str:
    """When the contract ends, and how many days are left."""
    left = card.days_left
    if left is None:
        return "no end is known"
    told = f"over since {plural(-left, 'day')}" if left < 0 else f"{plural(left, 'day')} left"
    return f"{card.settings.ends} ({told})"


def card_lines(card: Card) -> Iterator[str]:
    """The whole scorecard."""
    settings, met_missed = card.settings, totals(card.report)
    yield f"{one_line(settings.title)} ({card.name}), {Month.parse(card.report.month).words}"
    yield ""
    yield from table(
        [
            ("experience", settings.experience or "none recorded"),
            ("scope", settings.scope or "none recorded"),
            ("contract", settings.contract or "none recorded"),
            ("ends", ends(card)),
            ("hours", hours(card)),
            ("operators here", ", ".join(settings.operators) or "none"),
        ]
    )
    yield ""
    if not card.measured:
        yield "no promise about its tickets was kept or broken"
        return
    heads = ("", "kept", "broken", "share", "95 % in", "change", "median", "90 %", "worst")
    yield from table([heads, *map(_row, card.measured)])
    yield ""
    told = ", ".join(f"{whose} {count}" for whose, count in card.causes.items())
    yield f"{plural(met_missed[1], 'broken promise')}: {told}"
    zone = ZoneInfo(card.report.zone)
    for each in card.theirs:
        yield f"  #{each.incident} {clock(each.kind, each.round)} {over(each, zone)}; {cause(each)}"


def _row(each: Attainment) -> tuple[str, ...]:
    times = ("" if value is None else lasted(value) for value in (each.median, each.p90, each.worst))
    counts = (f"{each.met:,}", f"{each.missed:,}", share(each.met, each.missed))
    return (str(each.kind), *counts, between(each), change(each), *times)


def cards_lines(cards: Sequence[Card]) -> list[str]:
    """One line for each provider."""
    heads = ("PROVIDER", "TITLE", "24/7", "CONTRACT ENDS", "KEPT", "BROKEN", "BY THEM", "RESPONSE MEDIAN")
    return table([heads, *map(_line, cards)]) if cards else []


def _line(card: Card) -> tuple[str, ...]:
    met, missed = totals(card.report)
    answered = next((each.median for each in card.measured if each.kind == "response"), None)
    always = "yes" if card.calendar and is_always_open(card.calendar) else "no" if card.calendar else "?"
    return (
        card.name,
        one_line(card.settings.title),
        always,
        ends(card),
        share(met, missed),
        f"{missed:,}",
        f"{len(card.theirs):,}",
        "" if answered is None else lasted(answered),
    )


def card_json(card: Card) -> dict[str, Any]:
    """The scorecard for programs; seconds are open seconds."""
    settings = card.settings
    return {
        "name": card.name,
        "title": settings.title,
        "experience": settings.experience,
        "scope": settings.scope,
        "contract": settings.contract,
        "ends": settings.ends.isoformat() if settings.ends else None,
        "days_left": card.days_left,
        "calendar": settings.calendar,
        "always": None if card.calendar is None else is_always_open(card.calendar),
        "operators": list(settings.operators),
        "clocks": [
            {
                "clock": str(each.kind),
                "met": each.met,
                "missed": each.missed,
                "median": each.median,
                "p90": each.p90,
                "worst": each.worst,
            }
            for each in card.measured
        ],
        "causes": card.causes,
        "behind": card.report.behind,
        "tampered": card.report.tampered,
    }
