"""The server's status counters and settings, as it tells them: text by name."""

from __future__ import annotations

from collections.abc import Mapping

from lexops.checks.contract import CannotSee, MariaDB
from lexops.targets.memory import Grown


class Counters:
    """The status counters at this look, and how they have grown since earlier ones."""

    def __init__(self, db: MariaDB) -> None:
        self._memory = db.memory
        self.values = _pairs(db, "status")
        self._starts = self._seen_starts()

    def now(self, name: str) -> float:
        """The counter `name`; raises CannotSee when this server does not have it."""
        return number(self.values, name)

    def grown(self, name: str, over: str = "10m") -> Grown | None:
        """How `name` has grown over the last `over`; None until the next look can tell."""
        return self._memory.grown(name, self.now(name), epoch=self._starts, over=over)

    def _seen_starts(self) -> int:
        """How many restarts were seen: with each, every counter begins anew."""
        uptime = self.now("Uptime")
        before, starts = self._memory.kept.get("uptime", (0.0, 0))
        starts += uptime < before
        self._memory.kept["uptime"] = [uptime, starts]
        return int(starts)


def settings(db: MariaDB) -> dict[str, str]:
    """The settings that checks judge, by name; a server lacks those of other versions."""
    return _pairs(db, "settings")


def number(values: Mapping[str, str], name: str) -> float:
    """A value as a number; raises CannotSee when the server does not tell it."""
    try:
        return float(values[name])
    except (KeyError, ValueError):
        raise CannotSee(f"this server does not tell {name}") from None


def _pairs(db: MariaDB, name: str) -> dict[str, str]:
    return {row["Variable_name"]: row["Value"] for row in db.query(name)}
