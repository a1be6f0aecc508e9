"""Objectives as checks of LexOps itself: they alert on budgets that burn too fast or are overspent.

A pair of windows alerts when both burn faster than its limit: the long one tells that it matters, the short
one that it still goes on. Without data nothing is fine: NotYet before the first, UNKNOWN after that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from lexops.checks import quantity
from lexops.checks.contract import Assignment, NotApplicable, NotYet, RunnableCheck
from lexops.checks.history import History
from lexops.checks.model import Area, Check, Finding, Metric, Note, Observation, Status
from lexops.checks.objectives import Objective, objectives, view
from lexops.checks.thresholds import levels
from lexops.checks.view import Burn, ObjectiveView
from lexops.config import Settings
from lexops.targets.model import Kind
from lexops.trends.availability import State, window_text

PREFIX = "objective."
"""Begins the names of the checks."""
EVERY = timedelta(minutes=1)
LEFT = "budget_left"
"""The metric that a site may give thresholds of its own."""
SOURCE = "this site's lexops.toml; windows and limits of the SRE workbook (chapter 5) and sloth (7 days)"
_MEASURED = "measured"


def objective_checks(
    settings: Settings, assigned: Iterable[Assignment]
) -> tuple[list[RunnableCheck], dict[str, str]]:
    """A check of LexOps itself for each objective, and what is wrong with them."""
    found, wrong = objectives(settings, assigned)
    return [as_check(objective) for objective in found], wrong


def as_check(objective: Objective) -> RunnableCheck:
    """An objective as a check of what LexOps has kept."""
    known = objective.settings
    span = window_text(known.window)
    definition = Check(
        id=f"{PREFIX}{objective.name}",
        title=f"{objective.title} burns its error budget",
        area=Area.HEALTH,
        kinds=frozenset({Kind.LEXOPS}),
        meaning=f"{objective.title} has to be available {known.objective:g} % of {span}; what may be down is"
        " its budget. It is critical when the budget goes so fast that somebody has to come, a warning when a"
        " ticket will do or when the budget is overspent.",
        why="A promise of availability is broken little by little; while its budget lasts, it can be kept.",
        mend="lexops sla objectives NAME shows the days and the speed; look at the failing checks of its"
        " targets first, and put off risky changes while little is left.",
        every=EVERY,
        timeout=timedelta(seconds=20),
        # A worker that has just begun has not looked at the targets yet.
        attempts=2,
        levels_of={LEFT: levels("0:", None)},
        source=SOURCE,
        origin="lexops.toml",
    )

    def collect(history: History) -> Iterator[Observation]:
        yield from _observed(history, history.ask(lambda connection, now: view(connection, objective, now)))

    return RunnableCheck(definition, collect, of_history=True)


def _observed(history: History, found: ObjectiveView) -> Iterator[Observation]:
    if found.left is None or found.availability is None or found.coverage is None:
        yield _nothing(history, found)
        return
    history.memory.kept[_MEASURED] = True
    yield Metric(LEFT, found.left, "s", limit=found.allowed)
    yield Metric("availability", found.availability, "%", info=True)
    yield Metric("coverage", found.coverage, "%", info=True)
    for burn in found.burns:
        if burn.rate_long is not None:
            yield Metric("burn", burn.rate_long, item=window_text(burn.long), info=True)
        if burn.alerting:
            yield Finding(f"burn {window_text(burn.long)}", _burning(burn, found), burn.severity)
    quickest = found.burns[0]
    if found.state is State.UNKNOWN and quickest.rate_short is None:
        span = window_text(quickest.short)
        yield Finding("unseen", f"nothing is known of its last {span}, so no burn is seen", Status.UNKNOWN)
    yield Note("service", found.state.value)


def _nothing(history: History, found: ObjectiveView) -> Finding:
    """No number at all: raises NotApplicable or NotYet unless there had been some."""
    span = window_text(found.window)
    if not found.found.unknown:
        raise NotApplicable(f"announced downtime for all of {span}")
    if _MEASURED not in history.memory.kept:
        raise NotYet("nothing is known of the service yet")
    return Finding("unseen", f"nothing is known of its last {span}", Status.UNKNOWN)


def _burning(burn: Burn, found: ObjectiveView) -> str:
    left, allowed = (quantity.show(seconds or 0.0, "s") for seconds in (found.left, found.allowed))
    long, short = (
        f"{quantity.show(rate or 0.0)} times over {window_text(span)}"
        for rate, span in ((burn.rate_long, burn.long), (burn.rate_short, burn.short))
    )
    return f"burns its budget {long}, {short} (limit {quantity.show(burn.limit)}); {left} left of {allowed}"
