"""Which checks run on which targets: those of the fitting kind, as the site has overridden them. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lexops.checks.contract import RunnableCheck
from lexops.checks.plugin import as_check
from lexops.checks.thresholds import Levels, parse_range
from lexops.config import CheckOverride, Settings
from lexops.targets.model import Kind


@dataclass(frozen=True, slots=True)
class Assignment:
    """One check on one target."""

    target: str
    kind: Kind
    environment: str
    runnable: RunnableCheck


def assignments(
    settings: Settings, checks: Mapping[str, RunnableCheck]
) -> tuple[list[Assignment], dict[str, str]]:
    """All assignments of a site in the order of its file, and what its overrides got wrong."""
    wrong = dict(_unknown(settings, checks))
    assigned = []
    for name, target in settings.targets.items():
        kind = Kind(target.kind)
        for runnable in [*_fitting(checks, kind), *_plugins(settings, name, kind)]:
            try:
                final = overridden(runnable, settings, name)
            except ValueError as error:
                wrong[f"[checks.{runnable.check.id}]"] = str(error)
                final = runnable
            if final is not None:
                assigned.append(Assignment(name, kind, target.environment, final))
    return assigned, wrong


def _fitting(checks: Mapping[str, RunnableCheck], kind: Kind) -> list[RunnableCheck]:
    return [runnable for runnable in checks.values() if kind in runnable.check.kinds]


def _plugins(settings: Settings, target: str, kind: Kind) -> list[RunnableCheck]:
    return [
        as_check(name, plugin, kind) for name, plugin in settings.plugins.items() if plugin.target == target
    ]


def overridden(runnable: RunnableCheck, settings: Settings, target: str) -> RunnableCheck | None:
    """The check as the site wants it on the target; None when it is switched off. Raises ValueError."""
    known = settings.checks.get(runnable.check.id)
    if known is None:
        return runnable
    for override in (known, known.targets.get(target)):
        if override is not None:
            if override.enabled is False:
                return None
            runnable = _with(runnable, override)
    return runnable


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
    return runnable.overridden(**changes)


def _unknown(settings: Settings, checks: Mapping[str, RunnableCheck]) -> Iterator[tuple[str, str]]:
    known = [*checks, *(f"plugin.{name}" for name in settings.plugins)]
    for name, override in settings.checks.items():
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            yield f"[checks.{name}]", "no such check" + (f"; did you mean {close[0]}?" if close else "")
        for target in override.targets:
            if target not in settings.targets:
                yield f"[checks.{name}.targets.{target}]", "no such target"
    for name, plugin in settings.plugins.items():
        if plugin.target not in settings.targets:
            yield f"[plugins.{name}]", f"no such target: {plugin.target}"
