"""What restarts of a log say about the heads that are remembered outside of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from lexops.audit.epochs import Statement
from lexops.audit.verdict import Memory, Problem, Verdict


def after_restarts(
    memories: Sequence[Memory], restarts: Sequence[Statement]
) -> tuple[list[Memory], list[Problem]]:
    """The heads that the store must still fit, and those that a restart left behind without naming them.

    Heads that lie in what a restart names as lost are explained by it. `restarts`, oldest first, are those
    that the log's lasting key signed.
    """
    kept, problems = [], []
    for memory in memories:
        left_by = leaving(restarts, memory.epoch, memory.size)
        if left_by is None or memory.epoch is None:
            kept.append(memory)
        elif not left_by.accounts_for(memory.epoch, memory.size, memory.root):
            what = (
                f"{memory.where} remembers {memory.size:,} sealed entries of epoch {memory.epoch}; "
                f"the restart at entry #{left_by.size} hides them: it does not name them as lost"
            )
            problems.append(Problem(Verdict.FORGED, what, index=left_by.size, since=memory.at))
    return kept, problems


def leaving(restarts: Sequence[Statement], epoch: int | None, size: int) -> Statement | None:
    """The first restart that went back behind a head; None when the head lies in what it went on from."""
    later = (each for each in restarts if epoch is not None and each.number > epoch)
    first = next(later, None)
    return first if first is not None and size > first.size else None


def in_words(restart: Statement) -> str:
    """What everybody is to know about a restart."""
    said = f"restarted {restart.at:%Y-%m-%d %H:%M} UTC at entry #{restart.size}; "
    if restart.lost is None:
        return f"{said}no later seal was remembered"
    if restart.lost.size <= restart.size:
        return f"{said}later seals are lost, but no entry"
    return f"{said}entries up to #{restart.lost.size - 1} had been sealed before and are lost"
