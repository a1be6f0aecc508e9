"""Does LexOps see its targets, in time and all of them?"""

from __future__ import annotations

from collections.abc import Iterator

from lexops.checks import own
from lexops.checks.contract import Finding, History, Metric, NotApplicable, NotYet, Observation, Status, check
from lexops.checks.sight import LEAST
from lexops.errors import StoreError


@check(
    "lexops.availability",
    target=History,
    every="1m",
    attempts=2,
    availability=True,
    source="LexOps' own judgement: without its store nothing is kept",
    fault="the store's table of checks is gone",
    mend="See whether the store's disk is full and its server runs; lexops status says what fails.",
)
def availability(history: History) -> Iterator[Observation]:
    """LexOps cannot use its own store.

    Reads its own store and measures how long that takes.

    While the store does not answer nothing is recorded: no result, no incident, no act of anybody.
    """
    before = history.clock.monotonic()
    try:
        history.ask(own.idle_lanes)
    except StoreError:
        yield Finding("store", "its own store does not answer", Status.CRITICAL)
        return
    yield Metric("answer", history.clock.monotonic() - before, "s", info=True)


@check(
    "lexops.sight",
    target=History,
    every="1m",
    attempts=1,
    source="more than half of the independent targets in one cycle (gatus, connectivity; pgwatch #890)",
    fault="all endpoints behind one stopped server",
    mend="See whether this machine has its network, its name resolution and its time; then lexops check run.",
)
def sight(history: History) -> Iterator[Observation]:
    """LexOps may be blind.

    Counts the independent targets (of different servers and hosts) that fail at once. When more than half
    do, it is more likely LexOps that is cut off: the states of all targets are frozen, and this is the one
    incident that opens.

    Until it sees again nobody is told of a billing system that stops.
    """
    lanes = history.site.lanes
    counted = history.ask(lambda connection, now: own.blindness(connection, now, lanes))
    if counted.lanes < LEAST:
        raise NotApplicable(f"fewer than {LEAST} independent targets cannot tell whose fault it is")
    yield Metric("targets failing", counted.failing, limit=counted.lanes, info=True)
    if counted.is_blind:
        text = f"{counted.failing} of {counted.lanes} independent targets fail at once"
        yield Finding("blind", text, Status.CRITICAL)


@check(
    "lexops.lateness",
    target=History,
    every="1m",
    attempts=5,
    warn="25%",
    crit="100%",
    source="LexOps' own judgement: what is a whole interval late has been left out once",
    fault="checks that were due long ago",
    mend="Raise [worker] concurrency, start another worker (on PostgreSQL), or look less often.",
)
def lateness(history: History) -> Iterator[Observation]:
    """LexOps is late.

    Of all checks, by which share of its interval each is overdue now; 95 of 100 are overdue by less than
    what is shown.

    What is looked at late is told late: a trust account that is negative for an hour longer.
    """
    late = history.ask(own.lateness)
    if not late:
        raise NotYet("no check has been looked at yet")
    yield Metric("overdue", late[min(len(late) - 1, round(0.95 * len(late)))], limit=100.0)


@check(
    "lexops.unseen",
    target=History,
    every="5m",
    warn="20%",
    crit="50%",
    source="LexOps' own judgement: one check in five without an answer is no monitoring",
    fault="checks that cannot see, and results that are too old",
    mend="lexops status lists what is UNKNOWN; the hint of each names the missing grant.",
)
def unseen(history: History) -> Iterator[Observation]:
    """Checks say nothing.

    Counts the checks that are UNKNOWN or whose result is too old to be believed, of all that have been
    looked at.

    What is not seen is not fine: wrong bills hide behind a missing grant.
    """
    found = history.ask(own.unseen)
    if not found.asked:
        raise NotYet("no check has been looked at yet")
    yield Metric("without an answer", min(found.asked, found.unknown + found.stale), limit=found.asked)
    yield Metric("unknown", found.unknown, info=True)
    yield Metric("stale", found.stale, info=True)
