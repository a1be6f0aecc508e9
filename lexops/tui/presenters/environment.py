"""Where something happens: production is unmistakable. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from lexops.tui.ink import Ink, Tone

_SERIOUS = ("production", "prod", "live", "staging", "acceptance", "test", "development", "demo")


def most_serious(environments: Iterable[str]) -> str:
    """The environment in which a slip costs most; an unknown name counts right after production."""
    given = sorted({name for name in environments if name})
    return min(given, key=_seriousness, default="")


def _seriousness(name: str) -> float:
    lowered = name.casefold()
    return _SERIOUS.index(lowered) if lowered in _SERIOUS else 2.5


def is_loud(name: str) -> bool:
    """Whether a slip in this environment costs most."""
    return name.casefold() in _SERIOUS[:3]


def environment_badge(name: str) -> Ink:
    """The environment, loud when it is production."""
    return Ink(f" {name.upper()} ", Tone.PRODUCTION if is_loud(name) else Tone.BADGE)
