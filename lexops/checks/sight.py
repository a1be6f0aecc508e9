"""Is it the targets that fail, or do we no longer see? Pure.

When more than half of what fails independently fails at once, the fault is ours: our network, our name
resolution, our clock (gatus' connectivity check and pgwatch #890 are about the same).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

LEAST = 3
"""Fewer independent targets cannot tell whose fault it is."""


class Sight(StrEnum):
    """What can be said of our own sight while a target fails."""

    CLEAR = "clear"
    UNSURE = "unsure"
    """Too few of the others have been looked at since."""
    BLIND = "blind"


@dataclass(frozen=True, slots=True)
class Glance:
    """What a target's availability check said last."""

    lane: str
    """Targets of one lane share a server or host, so they fail together."""
    failing: bool
    known: bool
    """Whether its failure has been told: then it is the target's own, from before."""
    checked: datetime


@dataclass(frozen=True, slots=True)
class Count:
    """How many independent targets fail, of how many that were not known to."""

    failing: int
    lanes: int

    @property
    def is_blind(self) -> bool:
        return self.lanes >= LEAST and 2 * self.failing > self.lanes


def count(glances: Iterable[Glance]) -> Count:
    """A lane fails when all of its targets do."""
    lanes: dict[str, list[bool]] = defaultdict(list)
    for glance in glances:
        if not (glance.failing and glance.known):
            lanes[glance.lane].append(glance.failing)
    return Count(sum(all(failing) for failing in lanes.values()), len(lanes))


def sight(glances: Iterable[Glance], since: datetime) -> Sight:
    """How far the failure of a target that began at `since` can be believed."""
    seen = list(glances)
    counted = count(seen)
    if counted.is_blind:
        return Sight.BLIND
    well = {glance.lane for glance in seen if not glance.failing and glance.checked >= since}
    return Sight.CLEAR if counted.lanes < LEAST or 2 * len(well) >= counted.lanes - 1 else Sight.UNSURE
