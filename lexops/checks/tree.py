"""What depends on what: hosts, what runs on them, and their checks. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lexops.checks.view import CheckRow, Fleet, TargetRow


@dataclass(frozen=True, slots=True)
class Node:
    """A target in the tree."""

    target: TargetRow
    depth: int
    """0 for a host, or for what runs on none that is looked at."""
    checks: tuple[CheckRow, ...]

    @property
    def failing(self) -> tuple[CheckRow, ...]:
        """Its checks with a problem of their own, the worst first."""
        wrong = [row for row in self.checks if row.is_problem]
        return tuple(sorted(wrong, key=lambda row: (-(row.status.rank if row.status else 0), row.check)))


def tree(fleet: Fleet, hosts: Mapping[str, str]) -> tuple[Node, ...]:
    """Every target once, each host before what runs on it, in the order of the site's file."""
    targets = {row.name: row for row in fleet.targets}
    found: list[Node] = []
    shown: set[str] = set()

    def grow(name: str, depth: int) -> None:
        if name in shown:
            return
        shown.add(name)
        checks = tuple(row for row in fleet.checks if row.target == name)
        found.append(Node(targets[name], depth, checks))
        for each in targets:
            if hosts.get(each) == name:
                grow(each, depth + 1)

    for name in targets:
        if hosts.get(name) not in targets:
            grow(name, 0)
    for name in targets:  # those that are said to run on one another
        grow(name, 0)
    return tuple(found)
