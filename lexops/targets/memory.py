"""What a check keeps from one look to the next: counters for rates, positions in logs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lexops.clock import parse_duration

FEWEST = 20
"""Samples of a counter are kept so that its span is cut in about so many parts."""


@dataclass(frozen=True, slots=True)
class Grown:
    """By how much a counter has grown, in how many seconds."""

    by: float
    seconds: float

    @property
    def per_second(self) -> float:
        return self.by / self.seconds


class Memory:
    """Given to a check with its session; kept in the store, so that a restart forgets nothing.

    `kept` is the check's own: plain JSON values under names it chooses.
    """

    def __init__(self, before: Mapping[str, Any] | None = None, at: datetime | None = None) -> None:
        before = before or {}
        self.at = at or datetime.now(UTC)
        self.kept: dict[str, Any] = dict(before.get("kept", {}))
        self.standing: dict[str, str] = dict(before.get("standing", {}))
        """The status that each judged metric had at the last look, where it was no good one."""
        self.waits = False
        """Whether a growth was asked for that only the next look can tell."""
        self._samples: Mapping[str, Mapping[str, Any]] = before.get("counters", {})
        self._after: dict[str, dict[str, Any]] = {}

    def grown(self, name: str, value: float, *, epoch: object = "", over: str = "0s") -> Grown | None:
        """How a counter that only grows has grown: since the last look, or over the last `over` ("10m").

        None at the first look and after a reset, which a smaller value or another `epoch` (the start of
        its statistics) betrays: then nothing can be said before the next look.
        """
        now = self.at.timestamp()
        known = self._samples.get(name, {})
        samples = [(at, seen) for at, seen in known.get("seen", []) if at < now]
        if known.get("epoch", "") != str(epoch) or (samples and samples[-1][1] > value):
            samples = []
        span = parse_duration(over).total_seconds()
        old_enough = [sample for sample in samples if sample[0] <= now - span]
        samples = old_enough[-1:] + [sample for sample in samples if sample[0] > now - span]
        kept = _thinned(samples, span / FEWEST)
        self._after[name] = {"epoch": str(epoch), "seen": [*kept, (now, value)]}
        if not samples:
            self.waits = True
            return None
        at, seen = samples[0]
        return Grown(value - seen, now - at)

    def packed(self) -> dict[str, Any]:
        """As JSON; what was not asked for at this look is forgotten, but for `kept`."""
        parts = {"counters": self._after, "kept": self.kept, "standing": self.standing}
        return {name: part for name, part in parts.items() if part}


def _thinned(samples: list[tuple[float, float]], apart: float) -> list[tuple[float, float]]:
    """The samples without those that follow another one too soon."""
    kept: list[tuple[float, float]] = []
    for sample in samples:
        if not kept or sample[0] - kept[-1][0] >= apart:
            kept.append(sample)
    return kept
