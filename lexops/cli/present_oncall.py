"""Rotas, shifts and gaps as lines of text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from lexops.calendars.model import Revision
from lexops.cli.present import moment
from lexops.clock import show_duration
from lexops.oncall.model import NO_BEGINNING, NO_END, Layer, Override, Rota, Shift
from lexops.oncall.notation import layer_text, time_text, wall_text
from lexops.text import one_line

SHOW_HEAD = ("rota", "on call", "since", "until", "layer", "then")
LIST_HEAD = ("rota", "zone", "rev", "on call", "layers, the lowest first")
SHIFT_HEAD = ("from", "until", "for", "on call", "layer")
GAP_HEAD = ("rota", "from", "until", "for", "why")
OVERRIDE_HEAD = ("override", "from", "until", "on call", "instead of", "by", "recorded", "why")
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is on call in a rota at a moment, and who is next."""

    rota: Rota
    shift: Shift
    then: Shift | None
    able: Collection[str] | None
    """The operators who may act; None where it is about the past."""

    @property
    def is_missing(self) -> bool:
        """Whether nobody is on call who may act."""
        return not self.shift.person or not _may_act(self.shift.person, self.able)


def _may_act(person: str, able: Collection[str] | None) -> bool:
    return able is None or person in able


def _person(person: str, able: Collection[str] | None) -> str:
    if not person:
        return NOBODY
    name = one_line(person, 80)
    return name if _may_act(person, able) else f"{name} (may not act here)"


# Now or then.


def watch_row(watch: Watch) -> tuple[str, ...]:
    """One line of `oncall show`."""
    zone = ZoneInfo(watch.rota.zone)
    then = watch.then
    return (
        watch.rota.name,
        _person(watch.shift.person, watch.able),
        *_bounds(watch.shift, zone),
        watch.shift.layer,
        f"{_person(then.person, watch.able)} from {time_text(then.starts, zone)}" if then else "",
    )


def watch_json(watch: Watch) -> dict[str, Any]:
    """Who is on call in a rota as data; `person` is null for nobody."""
    return {
        "rota": watch.rota.name,
        "zone": watch.rota.zone,
        **shift_json(watch.shift),
        "may_act": bool(watch.shift.person) and _may_act(watch.shift.person, watch.able),
        "then": shift_json(watch.then) if watch.then else None,
    }


# The list.


def rota_row(revision: Revision[Rota], watch: Watch) -> tuple[str, ...]:
    """One line of the list of rotas."""
    rota = revision.value
    layers = "; ".join(f"{layer.name}: {layer_text(layer)}" for layer in rota.layers) or "ended"
    title = f"{one_line(rota.title)}: " if rota.title else ""
    on_call = _person(watch.shift.person, watch.able) if rota.layers else ""
    return (rota.name, rota.zone, f"{revision.number}", on_call, f"{title}{layers}")


def rota_json(revision: Revision[Rota], watch: Watch) -> dict[str, Any]:
    """A rota as data, as a whole."""
    rota = revision.value
    return {
        "rota": rota.name,
        "title": rota.title,
        "zone": rota.zone,
        "revision": revision.number,
        "recorded": moment(revision.recorded),
        "on_call": watch.shift.person or None,
        "layers": [_layer_json(layer) for layer in rota.layers],
    }


def _layer_json(layer: Layer) -> dict[str, Any]:
    return {
        "layer": layer.name,
        "people": list(layer.people),
        "turn": layer.turn.value,
        "length": layer.length,
        "start": wall_text(layer.start),
        "hours": layer.hours or None,
        "holidays": layer.holidays or None,
    }


# Shifts and gaps.


def shift_row(shift: Shift, zone: ZoneInfo, able: Collection[str] | None) -> tuple[str, ...]:
    """One line of a list of shifts."""
    is_bounded = shift.starts != NO_BEGINNING and shift.ends != NO_END
    return (
        *_bounds(shift, zone),
        show_duration(shift.ends - shift.starts) if is_bounded else "",
        _person(shift.person, able),
        shift.layer,
    )


def _bounds(shift: Shift, zone: ZoneInfo) -> tuple[str, str]:
    return (
        "over a year" if shift.starts == NO_BEGINNING else time_text(shift.starts, zone),
        "no end planned" if shift.ends == NO_END else time_text(shift.ends, zone),
    )


def shift_json(shift: Shift) -> dict[str, Any]:
    """A shift as data; `person` is null in a gap, a bound where there is none."""
    return {
        "person": shift.person or None,
        "layer": shift.layer or None,
        "starts": None if shift.starts == NO_BEGINNING else moment(shift.starts),
        "ends": None if shift.ends == NO_END else moment(shift.ends),
    }


def gap_row(rota: Rota, gap: Shift) -> tuple[str, ...]:
    """One line of a list of gaps."""
    zone = ZoneInfo(rota.zone)
    return (
        rota.name,
        time_text(gap.starts, zone),
        time_text(gap.ends, zone),
        show_duration(gap.ends - gap.starts),
        _why(gap),
    )


def _why(gap: Shift) -> str:
    if gap.person:
        return f"{one_line(gap.person, 80)} may not act here"
    return "wanted, by an override" if gap.is_wanted_gap else "no layer has anybody"


def gap_json(rota: Rota, gap: Shift) -> dict[str, Any]:
    """A gap as data; `person` is who is there by name only."""
    return {"rota": rota.name, **shift_json(gap), "wanted": gap.is_wanted_gap}


# The history.


def override_rows(overrides: Sequence[Override], zone: ZoneInfo) -> Iterator[tuple[str, ...]]:
    """One line for each override, the newest first."""
    for each in reversed(overrides):
        removed = f", taken back {time_text(each.removed, zone)}" if each.removed else ""
        yield (
            f"{each.id}{removed}",
            time_text(each.starts, zone),
            time_text(each.ends, zone),
            one_line(each.person, 80) or NOBODY,
            one_line(each.instead_of, 80),
            one_line(each.operator, 80),
            time_text(each.recorded, zone),
            one_line(each.reason),
        )


def override_json(override: Override) -> dict[str, Any]:
    """An override as data; `person` is null for nobody."""
    return {
        "override": override.id,
        "person": override.person or None,
        "instead_of": override.instead_of or None,
        "starts": moment(override.starts),
        "ends": moment(override.ends),
        "reason": override.reason,
        "operator": override.operator,
        "recorded": moment(override.recorded),
        "removed": moment(override.removed),
    }


def changes(revisions: Sequence[Revision[Rota]]) -> Iterator[tuple[Revision[Rota], list[str]]]:
    """Each revision with what it changed, the oldest first."""
    for before, revision in pairwise([None, *revisions]):
        assert revision is not None
        yield revision, _differences(before.value if before else None, revision.value)


def _differences(before: Rota | None, after: Rota) -> list[str]:
    """What has changed between two revisions of a rota, in words."""
    told = []
    if before is None or before.zone != after.zone:
        told.append(after.zone)
    if after.title and (before is None or before.title != after.title):
        told.append(one_line(after.title))
    old = {layer.name: layer for layer in before.layers} if before else {}
    new = {layer.name: layer for layer in after.layers}
    told += [f"{name}: {layer_text(layer)}" for name, layer in new.items() if old.get(name) != layer]
    told += [f"{name} taken out" for name in old if name not in new]
    if [name for name in old if name in new] != [name for name in new if name in old]:
        told.append(f"order: {', '.join(new)}")
    return told
