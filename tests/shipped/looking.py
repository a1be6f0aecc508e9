"""Looking at a target with shipped checks, the way the engine does."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import lexops_checks
from lexops.checks.contract import RunnableCheck
from lexops.checks.engine import observe
from lexops.checks.model import Status, Verdict
from lexops.checks.thresholds import levels
from lexops.clock import parse_duration
from lexops.config import Settings, SiteFile
from lexops.targets.connect import connect
from lexops.targets.memory import Memory
from tests.waiting import PATIENCE

FAMILIES: dict[str, tuple[RunnableCheck, ...]] = {
    "postgresql": lexops_checks.postgresql.CHECKS,
    "mariadb": lexops_checks.mariadb.CHECKS,
    "sqlite": lexops_checks.sqlite.CHECKS,
    "host": lexops_checks.host.CHECKS,
    "endpoint": lexops_checks.endpoint.CHECKS,
    "own": lexops_checks.own.CHECKS,
}
SHIPPED = {runnable.check.id: runnable for family in FAMILIES.values() for runnable in family}
PATIENT = dict.fromkeys(
    (f"{kind}.availability" for kind in ("postgresql", "mariadb", "sqlite", "endpoint", "host")),
    ("30s", "60s"),
) | {"postgresql.clock": ("30s", "60s"), "host.clock": ("-30s:30s", "-60s:60s")}
"""Thresholds for a busy machine: of checks that measure how long an answer takes or compare clocks by it."""
PATIENTLY = {"connect_timeout": f"{PATIENCE:g}s"}
PAUSE = 0.12
"""Seconds between two looks: InnoDB shows the same old picture to those who look again within 0.1."""


class Eye:
    """Looks at one target, each time over a session of its own; thresholds may be made small."""

    def __init__(self, kind: str, **settings: Any) -> None:
        self._site = SiteFile(
            path=Path("/nowhere/lexops.toml"),
            settings=Settings.model_validate(
                {"site": {"name": "Test"}, "targets": {"it": {"kind": kind, **PATIENTLY, **settings}}}
            ),
        )
        self._memories: dict[str, Mapping[str, Any]] = {}

    def session(self) -> Any:
        return connect(self._site, "it")

    def look(self, check: str, warn: str | None = None, crit: str | None = None) -> Verdict:
        session = self.session()
        try:
            return observe(shipped(check, warn, crit), session)
        finally:
            session.close()

    def follow(
        self, check: str, warn: str | None = None, crit: str | None = None, *, later: str = "0s"
    ) -> Verdict:
        """Like `look`, with what the check has kept from its last look: for rates and positions.

        As if it were so much `later` than it is, for what takes its time.
        """
        session, at = self.session(), datetime.now(UTC) + parse_duration(later)
        try:
            verdict = observe(shipped(check, warn, crit), session, Memory(self._memories.get(check), at))
        finally:
            session.close()
        if verdict.memory is not None:
            self._memories[check] = verdict.memory
        return verdict

    def later(self, seconds: float) -> None:
        """As if so much more time had passed since the looks that were followed."""
        for check, memory in self._memories.items():
            counters = {
                name: {**known, "seen": [(at - seconds, value) for at, value in known["seen"]]}
                for name, known in memory.get("counters", {}).items()
            }
            self._memories[check] = {**memory, "counters": counters}


def shipped(check: str, warn: str | None = None, crit: str | None = None) -> RunnableCheck:
    """The check as shipped but for patience, or with these thresholds instead of its own."""
    runnable = SHIPPED[check]
    if not (warn or crit):
        warn, crit = PATIENT.get(check, (None, None))
    return runnable.overridden(levels=levels(warn, crit)) if warn or crit else runnable


def eventually(status: Status, look: Callable[[], Verdict]) -> Verdict:
    """The first verdict of that status; servers need a moment to do what they were told."""
    end = time.monotonic() + PATIENCE
    while (verdict := look()).status is not status:
        assert time.monotonic() < end, f"still {verdict.status}: {verdict.summary}, not {status}"
        time.sleep(PAUSE)
    return verdict


def telling(text: str, verdict: Verdict) -> Verdict:
    """The verdict as soon as it tells that: for what comes to it in several steps."""
    return verdict if text in told(verdict) else Verdict(Status.PENDING, f"not yet {text!r}: {told(verdict)}")


def told(verdict: Verdict) -> str:
    """Everything in a verdict that a person gets to see."""
    notes = [f"{note.label}: {note.text}" for note in verdict.notes]
    judged = [judged.text for judged in verdict.judged]
    findings = [f"{finding.key} {finding.text} {finding.detail}" for finding in verdict.findings]
    return "\n".join([verdict.summary, verdict.hint, *notes, *judged, *findings])
