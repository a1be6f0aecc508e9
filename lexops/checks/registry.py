"""Where checks come from: installed plug-ins (the shipped ones are such a plug-in), the site's SQL folder,
monitoring-plugins named in the settings. What is broken is reported and left out, never fatal."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from importlib.resources.abc import Traversable
from pathlib import Path

from lexops.checks import sqlcheck
from lexops.checks.contract import RunnableCheck
from lexops.checks.foresight import foreseen
from lexops.text import one_line

GROUP = "lexops.checks"
"""Entry points of this group name a callable without arguments that gives RunnableChecks."""


@dataclass
class Registry:
    """All checks that could be loaded, by id, and why others could not."""

    checks: dict[str, RunnableCheck] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)

    def add(self, check: RunnableCheck) -> None:
        """Add a check, and those that foresee its metrics."""
        for each in (check, *foreseen(check)):
            self._add(each)

    def _add(self, check: RunnableCheck) -> None:
        known = self.checks.get(check.check.id)
        if known is None:
            self.checks[check.check.id] = check
        else:
            self.broken[f"{check.check.origin}: {check.check.id}"] = (
                f"already declared by {known.check.origin}"
            )

    def add_all(self, name: str, give: Callable[[], Iterable[object]]) -> None:
        """Add what `give` yields; whatever it raises is kept under `name`."""
        try:
            for item in give():
                if isinstance(item, RunnableCheck):
                    self.add(item)
                else:
                    self.broken[name] = f"gave {type(item).__name__} instead of a check"
        except (Exception, SystemExit) as error:
            self.broken[name] = one_line(f"{type(error).__name__}: {error}", 300)


def load(folder: Path | None = None) -> Registry:
    """Everything installed, then the SQL files of the site's own `folder`."""
    registry = Registry()
    for point in sorted(entry_points(group=GROUP), key=lambda p: (p.name != "shipped", p.name)):
        registry.add_all(f"{point.name} ({point.value})", lambda point=point: _installed(point))  # type: ignore[misc]
    if folder is not None:
        registry.add_all(str(folder), lambda: _site_files(folder, registry))
    return registry


def _installed(point: EntryPoint) -> Iterable[object]:
    give: Callable[[], Iterable[object]] = point.load()
    return give()


def sql_checks(
    folder: Traversable, origin: str, broken: dict[str, str] | None = None
) -> Iterator[RunnableCheck]:
    """The checks of a folder of SQL files; with `broken`, unreadable ones are put there instead of raised."""
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".sql"):
            continue
        try:
            yield sqlcheck.parse(file.read_text(encoding="utf-8"), origin)
        except (ValueError, OSError) as error:
            if broken is None:
                raise ValueError(f"{file.name}: {error}") from error
            broken[f"{origin}/{file.name}"] = one_line(error, 300)


def _site_files(folder: Path, registry: Registry) -> Iterator[RunnableCheck]:
    for path in (folder, *sorted(folder.glob("*.sql"))):
        complaint = _unsafe(path)
        if complaint:
            raise PermissionError(complaint)
    yield from sql_checks(folder, str(folder), registry.broken)


def _unsafe(path: Path) -> str:
    """Why a file that decides what runs may not be trusted; empty when it may."""
    found = path.stat()
    if found.st_uid not in (0, os.getuid()):
        return f"{path} belongs to another user"
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"{path} can be changed by others; chmod go-w {path}"
    return ""
