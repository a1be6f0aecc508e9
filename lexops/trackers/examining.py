"""Whether a tracker can be used: its address, its token, and what its states mean here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lexops.clock import Clock
from lexops.config import SiteFile, TrackerSettings
from lexops.errors import ConfigError
from lexops.text import one_line
from lexops.trackers.opening import open_tracker, settings_of
from lexops.trackers.port import TrackerDown, TrackerRefused


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of asking one tracker."""

    tracker: str
    who: str
    """As whom we are known there; empty when it did not say."""
    wrong: tuple[str, ...]
    is_down: bool = False

    @property
    def row(self) -> tuple[str, ...]:
        return (self.tracker, self.who or "-", "; ".join(self.wrong) or "-")

    @property
    def json(self) -> dict[str, Any]:
        return {"tracker": self.tracker, "who": self.who or None, "wrong": list(self.wrong)}


def examine(file: SiteFile, name: str, time: Clock) -> Examined:
    """Ask a tracker who we are; nothing is changed there. Raises NotFound."""
    wrong = _missing(settings_of(file, name))
    try:
        return Examined(name, one_line(open_tracker(file, name, time).who(), 80), wrong)
    except TrackerDown as error:
        return Examined(name, "", (one_line(error, 300), *wrong), is_down=True)
    except (TrackerRefused, ConfigError) as error:
        return Examined(name, "", (one_line(error, 300), *wrong))


def _missing(settings: TrackerSettings) -> tuple[str, ...]:
    """What nothing there means: incidents cannot get into such a state there, or not out of it again."""
    known = set(settings.states.values())
    return tuple(f'states: none means "{each}"' for each in ("open", "resolved") if each not in known)
