"""How likely it is that a clock breaks its promise, after what became of similar ones; and how often that was
right. Pure.

Of the similar clocks that had lasted at least as long as this one has, some used more than its budget: their
share is the answer. Similar are those of the same kind and priority, and of the same client and queue where
enough of them are known. Time is open time of each clock's own calendar, so that nights do not matter.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lexops.sla.model import Clock, ClockKind
from lexops.sla.view import Forecast

ENOUGH = 30
"""So many finished clocks of the same client or queue say more than those of everybody."""
LEAST = 20
"""Similar clocks that had lasted as long; of fewer nothing is concluded."""
LIKELY = 500
"""Permille from which on a breach is foreseen, and the prediction is kept."""

_Key = tuple[ClockKind, str, str | None, str | None]
"""Kind, priority, client, queue; None: whatever it is."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A clock that was met or missed."""

    kind: ClockKind
    priority: str
    client: str
    queue: str
    worked: int
    """Open seconds that it took."""


class History:
    """Finished clocks, arranged so that each question takes two searches."""

    def __init__(self, finished: Iterable[Finished]) -> None:
        groups: dict[_Key, list[int]] = {}
        for each in finished:
            for client in (each.client, None):
                for queue in (each.queue, None):
                    groups.setdefault((each.kind, each.priority, client, queue), []).append(each.worked)
        self._groups: Mapping[_Key, Sequence[int]] = {key: sorted(took) for key, took in groups.items()}

    def forecast(self, clock: Clock) -> Forecast | None:
        """How likely a clock that runs breaks its promise; None when too little is known, or it has."""
        if clock.state.is_over or clock.is_breached or clock.kind is ClockKind.NOTICE:
            return None
        facts = clock.facts
        for client, queue in ((facts.client, facts.queue), (facts.client, None), (None, facts.queue)):
            if client != "" and queue != "":
                found = self._of((clock.kind, facts.priority, client, queue), clock, ENOUGH)
                if found is not None:
                    return found
        return self._of((clock.kind, facts.priority, None, None), clock, LEAST)

    def _of(self, key: _Key, clock: Clock, enough: int) -> Forecast | None:
        took = self._groups.get(key, ())
        lasted = len(took) - bisect_left(took, clock.worked)
        if len(took) < enough or lasted < LEAST:
            return None
        broke = len(took) - bisect_right(took, clock.budget)
        return Forecast(broke * 1000 // lasted, lasted)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A clock of which is known what became of it."""

    permille: int | None
    """What was predicted when a breach was first likely; None: it never was."""
    is_breached: bool


@dataclass(frozen=True, slots=True)
class HitRate:
    """How good predictions were."""

    predicted: int
    """Clocks that were predicted to break their promise, of which the outcome is known."""
    hits: int
    """Of them those that did."""
    breached: int
    """Clocks that broke their promise, predicted or not."""
    brier: float | None
    """Mean squared distance of what was predicted from what came; 0 is perfect, 0.25 is a coin."""

    @property
    def precision(self) -> float | None:
        """Share of the predicted ones that came true; None without any."""
        return self.hits / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        """Share of the breaches that had been predicted; None without any."""
        return self.hits / self.breached if self.breached else None


def hit_rate(outcomes: Iterable[Outcome]) -> HitRate:
    """What became of the predictions."""
    known = list(outcomes)
    predicted = [(each.permille / 1000, each.is_breached) for each in known if each.permille is not None]
    hits = sum(is_breached for _, is_breached in predicted)
    errors = [(chance - is_breached) ** 2 for chance, is_breached in predicted]
    brier = sum(errors) / len(errors) if errors else None
    return HitRate(len(predicted), hits, sum(each.is_breached for each in known), brier)
