"""Which checks run on which targets: those of the fitting kind, as the site has overridden them. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from lexops.checks.burning import PREFIX, objective_checks
from lexops.checks.contract import Assignment, RunnableCheck
from lexops.checks.foresight import foreseen
from lexops.checks.heartbeat import heartbeats
from lexops.checks.history import LEXOPS
from lexops.checks.plugin import as_check
from lexops.checks.thresholds import Levels, parse_range
from lexops.config import CheckOverride, Settings
from lexops.gate.facts import site_environment
from lexops.targets.model import Kind


def assignments(
    settings: Settings, checks: Mapping[str, RunnableCheck]
) -> tuple[list[Assignment], dict[str, str]]:
    """All assignments of a site in the order of its file, and what its overrides got wrong."""
    wrong = dict(_unknown(settings, checks))
    assigned: list[Assignment] = []
    for name, kind, environment in _targets(settings):
        done: dict[str, RunnableCheck | None] = {}
        own = [*_plugins(settings, name, kind), *heartbeats(settings, name, kind)]
        if name == LEXOPS:  # comes last: objectives are made of the checks of all the others
            objectives, complaints = objective_checks(settings, assigned)
            own += objectives
            wrong |= complaints
        for runnable in [*_fitting(checks, kind), *own]:
            made = _of_parent(runnable, done.get(runnable.parent))
            try:
                final = overridden(made, settings, name)
            except ValueError as error:
                wrong[f"[checks.{runnable.check.id}]"] = str(error)
                final = made
            done[runnable.check.id] = final
            if final is not None:
                assigned.append(Assignment(name, kind, environment, final))
    return assigned, wrong


def _targets(settings: Settings) -> Iterator[tuple[str, Kind, str]]:
    """The targets of the site's file, then LexOps itself, as precious as the most precious of them."""
    for name, target in settings.targets.items():
        yield name, Kind(target.kind), target.environment
    yield LEXOPS, Kind.LEXOPS, site_environment(settings)


def _fitting(checks: Mapping[str, RunnableCheck], kind: Kind) -> list[RunnableCheck]:
    return [runnable for runnable in checks.values() if kind in runnable.check.kinds]


def _plugins(settings: Settings, target: str, kind: Kind) -> list[RunnableCheck]:
    return [
        as_check(name, plugin, kind) for name, plugin in settings.plugins.items() if plugin.target == target
    ]


def _of_parent(runnable: RunnableCheck, parent: RunnableCheck | None) -> RunnableCheck:
    """A check that foresees another's metrics follows that one as the site wants it, not as shipped."""
    made = foreseen(parent) if parent else []
    return next((each for each in made if each.check.id == runnable.check.id), runnable)


def overridden(runnable: RunnableCheck, settings: Settings, target: str) -> RunnableCheck | None:
    """The check as the site wants it on the target; None when it is switched off. Raises ValueError."""
    if runnable.parent and _is_off(settings, runnable.parent, target):
        return None
    known = settings.checks.get(runnable.check.id)
    if known is None:
        return runnable
    for override in (known, known.targets.get(target)):
        if override is not None:
            if override.enabled is False:
                return None
            runnable = _with(runnable, override)
    return runnable


def _is_off(settings: Settings, check: str, target: str) -> bool:
    known = settings.checks.get(check)
    own = known.targets.get(target) if known else None
    return known is not None and False in (known.enabled, own.enabled if own else None)


def _with(runnable: RunnableCheck, override: CheckOverride) -> RunnableCheck:
    check = runnable.check
    changes: dict[str, object] = {
        name: getattr(override, name)
        for name in ("every", "timeout", "attempts")
        if getattr(override, name) is not None
    }
    if override.warn is not None or override.crit is not None:
        changes["levels"] = Levels(
            parse_range(override.warn) if override.warn else check.levels.warn,
            parse_range(override.crit) if override.crit else check.levels.crit,
        )
        changes["source"] = "this site's lexops.toml"
    if override.metrics:
        changes["levels_of"] = dict(check.levels_of) | {
            name: Levels(
                parse_range(own.warn) if own.warn else check.levels_for(name).warn,
                parse_range(own.crit) if own.crit else check.levels_for(name).crit,
            )
            for name, own in override.metrics.items()
        }
        names = ", ".join(override.metrics)
        changes.setdefault("source", f"{check.source}; {names}: this site's lexops.toml")
    return runnable.overridden(**changes)


def _unknown(settings: Settings, checks: Mapping[str, RunnableCheck]) -> Iterator[tuple[str, str]]:
    known = [*checks, *(f"plugin.{name}" for name in settings.plugins)]
    known += [f"heartbeat.{name}" for name in settings.heartbeats]
    known += [f"{PREFIX}{name}" for name in settings.objectives]
    kinds = {target: kind for target, kind, _ in _targets(settings)}
    for name, override in settings.checks.items():
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            yield f"[checks.{name}]", "no such check" + (f"; did you mean {close[0]}?" if close else "")
        for target in override.targets:
            place = f"[checks.{name}.targets.{target}]"
            if target not in kinds:
                yield place, "no such target"
            elif name in checks and kinds[target] not in checks[name].check.kinds:
                yield place, f"it does not look at {kinds[target]} targets"
    for name, plugin in settings.plugins.items():
        if plugin.target not in settings.targets:
            yield f"[plugins.{name}]", f"no such target: {plugin.target}"
    for name, heartbeat in settings.heartbeats.items():
        if heartbeat.target not in settings.targets:
            yield f"[heartbeats.{name}]", f"no such target: {heartbeat.target}"
