"""Which targets are looked after together, and how several workers share them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from lexops.checks.lanes import server_of
from lexops.config import TargetSettings


def lanes(targets: Mapping[str, TargetSettings]) -> dict[str, str]:
    """The lane of every target, named after its first one.

    Targets of one server or host stay together: two heavy checks must not meet on a server, and a target that
    fails is judged by the state of its host, so one worker has to know both.
    """
    lane: dict[str, str] = {}
    for name, target in targets.items():
        related = {
            lane[other]
            for other, known in targets.items()
            if other in lane
            and (server_of(known) == server_of(target) or known.host == name or target.host == other)
        }
        first = next((known for known in lane.values() if known in related), name)
        lane[name] = first
        for other, known in lane.items():
            if known in related:
                lane[other] = first
    return lane


def fair_share(lanes: int, workers: int) -> int:
    """How many lanes one of the workers has at most, so that nobody has two more than another's fewest."""
    return -(-lanes // max(workers, 1))


def excess(mine: Collection[str], share: int, busy: Collection[str]) -> set[str]:
    """The lanes to give back: what is over the share, and only such where no look is under way."""
    over = max(0, len(mine) - share)
    return set(sorted(set(mine) - set(busy))[:over])
