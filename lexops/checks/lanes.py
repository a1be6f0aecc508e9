"""The lanes of a site: one per target, one more for its heavy checks, one for those of its history, one per
monitoring-plugin."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from urllib.parse import urlsplit

from lexops.checks.contract import Assignment, RunnableCheck
from lexops.checks.engine import Lane, Session
from lexops.checks.plugin import PluginProcess
from lexops.config import HostSettings, SiteFile, TargetSettings
from lexops.targets.connect import connect

HISTORY = "history"

History = Callable[[str], Session]
"""Opens what LexOps has kept of a target, for the checks that look at that."""


def lanes(site: SiteFile, assigned: Iterable[Assignment], history: History) -> list[Lane]:
    """Lanes in the order of the site's file; plug-ins get their own, because they may hang on their own."""
    grouped: dict[tuple[str, str], list[RunnableCheck]] = defaultdict(list)
    for assignment in assigned:
        check = assignment.runnable.check
        is_plugin = check.id.startswith("plugin.")
        of_history = assignment.runnable.of_history
        kind = check.id if is_plugin else HISTORY if of_history else "heavy" if check.heavy else ""
        grouped[assignment.target, kind].append(assignment.runnable)
    return [
        _of_history(target, checks, history) if kind == HISTORY else _lane(site, target, kind, checks)
        for (target, kind), checks in grouped.items()
    ]


def _of_history(target: str, checks: list[RunnableCheck], history: History) -> Lane:
    return Lane(f"{target} {HISTORY}", target, "", partial(history, target), 0.0, tuple(checks))


def _lane(site: SiteFile, target: str, kind: str, checks: list[RunnableCheck]) -> Lane:
    settings = site.settings.targets[target]
    is_plugin = kind.startswith("plugin.")
    limit = getattr(settings, "connect_timeout", None)
    return Lane(
        f"{target} {kind}".rstrip(),
        target,
        server_of(settings),
        partial(PluginProcess, site.folder) if is_plugin else _connector(site, target),
        limit.total_seconds() if limit and not is_plugin else 0.0,
        tuple(checks),
        heavy=kind == "heavy",
        forks=is_plugin,
    )


def server_of(settings: TargetSettings) -> str:
    """What two targets share when they load the same machine."""
    if isinstance(settings, HostSettings):
        return settings.address
    url = urlsplit(settings.url)
    return f"{url.hostname}:{url.port}" if url.hostname else url.path


def _connector(site: SiteFile, target: str) -> Callable[[], Session]:
    return lambda: connect(site, target)
