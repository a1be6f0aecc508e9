"""What people do with rotas. Every change is a new revision or an override, never a change of what was."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated
from zoneinfo import ZoneInfo

from lexops.calendars import store as calendars
from lexops.errors import Refused
from lexops.oncall import notation, store
from lexops.oncall.drafting import (
    WantedLayer,
    WantedOverride,
    check_gaps,
    layered,
    overriding,
    revised,
    swapped,
    unlayered,
)
from lexops.oncall.model import Book, Override, Rota, Turn
from lexops.oncall.rotation import on_call
from lexops.operations import Act, Effect, Operation, Privacy, Role, operation
from lexops.operations.common import HistoryReason
from lexops.store import event


@operation("oncall.layer", role=Role.MANAGER, effect=Effect.CHANGE, critical=True)
def layer(
    act: Act,
    *,
    rota: Annotated[str, "support; the rota, which is made where there is none of that name"],
    layer: Annotated[str, "week; the layer, which is replaced where there is one of that name"],
    people: Annotated[str, "ana; operators in the order of their turns, by commas"],
    turn: Annotated[Turn, "what a turn is counted in; hours are elapsed, the others end at a time of day"],
    start: Annotated[str, "2026-11-23T09:00; the first hand-off, on the clocks of the rota's zone"],
    reason: HistoryReason,
    length: Annotated[int, "so many units make a turn: 2 with weekly is a fortnight"] = 1,
    hours: Annotated[str | None, "only in these weekly hours: mon-fri 09:00-17:30; else always"] = None,
    holidays: Annotated[str | None, "not (-london) or only (+london) on the days off of a calendar"] = None,
    zone: Annotated[str | None, "the rota's time zone; of a new rota else the site's"] = None,
    title: Annotated[str | None, "what the rota is for, in a few words"] = None,
    place: Annotated[int | None, "from the lowest, 1; else on top, or where it was"] = None,
    gaps: Annotated[bool, "yes, at some time of the next 14 days nobody will be on call"] = False,
    correction: Annotated[bool, "it had been wrong all along: the past is told anew"] = False,
) -> str:
    """Set a layer of a rota.

    People take turns from the first hand-off on; the layers above go over it, those below fill what it leaves
    out. A layer that is set again counts its turns from its own start. Hand-offs are at the same time of day
    across changes of the clocks.
    """
    book, able = store.book(act.connection), store.able(act.connection, act.at)
    before = book.rotas[rota][-1].value if rota in book.rotas else None
    wanted = WantedLayer(
        rota, layer, people, turn, start, length, hours, holidays, zone, title, place
    )  # fmt: skip
    known = calendars.revisions(act.connection)
    changed = layered(wanted, before, able, known, act.file.zone.key)
    if changed == before and not correction:
        raise Refused(f"{rota} is so already", hint="nothing was entered")
    if not gaps:
        after = revised(book, changed, act.at, correction=correction)
        after = replace(after, holidays={**book.holidays, **store.holidays(act.connection, [changed])})
        check_gaps(after, rota, act.at, able)
    return _enter(act, book, changed, reason, correction)


@operation("oncall.unlayer", role=Role.MANAGER, effect=Effect.CHANGE, critical=True)
def unlayer(
    act: Act,
    *,
    rota: Annotated[str, "support; the rota"],
    layer: Annotated[str, "week; the layer"],
    reason: HistoryReason,
    gaps: Annotated[bool, "yes, at some time of the next 14 days nobody will be on call"] = False,
) -> str:
    """Take a layer out of a rota.

    Without its last layer the rota has ended: nobody is on call in it, and nobody is missed. Its history
    stays.
    """
    book, able = store.book(act.connection), store.able(act.connection, act.at)
    before = store.history(act.connection, rota)[-1].value
    changed = unlayered(before, layer)
    if not changed.layers and not gaps:
        raise Refused(f"{layer} is the last layer of {rota}", hint="to end the rota say so, with gaps")
    if not gaps:
        check_gaps(revised(book, changed, act.at), rota, act.at, able)
    return _enter(act, book, changed, reason, correction=False)


@operation("oncall.override", role=Role.SUPPORT, effect=Effect.CHANGE)
def override(
    act: Act,
    *,
    rota: Annotated[str, "support; the rota"],
    person: Annotated[str, "ana; the operator who serves, or - for nobody"],
    reason: Annotated[str, "why; everybody sees it", Privacy.PERSONAL],
    starts: Annotated[
        str | None, "from when: 2026-12-24T09:00 in the rota's zone, or in: 2h; else now"
    ] = None,
    ends: Annotated[str | None, "until when: 2026-12-24T18:00, or in: 6h"] = None,
    minutes: Annotated[int | None, "or for so many minutes"] = None,
    instead_of: Annotated[str | None, "only in the shifts of this operator"] = None,
) -> str:
    """Put somebody else on call.

    For a while, over all layers: take a shift, or give it away. Of several overrides the one that was entered
    last goes over the others. With - in place of the operator nobody is on call, and nobody is missed.
    """
    book, able = store.book(act.connection), store.able(act.connection, act.at)
    wanted = WantedOverride(rota, person, starts, ends, minutes, instead_of)
    entered = overriding(wanted, book, able, act.at, act.operator, reason)
    return _enter_override(act, entered, store.history(act.connection, rota)[-1].value)


@operation("oncall.unoverride", role=Role.SUPPORT, effect=Effect.CHANGE)
def unoverride(
    act: Act,
    *,
    override: Annotated[int, "number of the override"],
    reason: HistoryReason,
) -> str:
    """Take an override back.

    From now on; who was on call by it until now stays so.
    """
    known = store.override(act.connection, override)
    zone = ZoneInfo(store.history(act.connection, known.rota)[-1].value.zone)
    if known.removed is not None:
        raise Refused(f"override {override} was taken back {notation.time_text(known.removed, zone)}")
    if known.ends <= act.at:
        raise Refused(f"override {override} ended {notation.time_text(known.ends, zone)}")
    if not store.remove_override(act.connection, override, act.at):
        raise Refused(f"override {override} was taken back by somebody else just now")
    event.append(act.connection, act.at, "oncall.unoverridden", known.rota, {"override": override})
    there = on_call(store.book(act.connection), known.rota, max(act.at, known.starts))
    return f"override {override} of {known.rota} taken back: {notation.shift_text(there, zone)}"


@operation("oncall.swap", role=Role.SUPPORT, effect=Effect.CHANGE)
def swap(
    act: Act,
    *,
    rota: Annotated[str, "support; the rota"],
    one: Annotated[str, "2026-12-24T12:00; a moment of the one shift, in the rota's zone, or in: 2h"],
    other: Annotated[str, "2026-12-31T12:00; a moment of the other shift"],
    reason: Annotated[str, "why; everybody sees it", Privacy.PERSONAL],
) -> str:
    """Swap two shifts.

    The two people who are on call at these moments serve each other's shift, from end to end.
    """
    book = store.book(act.connection)
    first, second = swapped(book, rota, one, other, act.at, act.operator, reason)
    known = store.history(act.connection, rota)[-1].value
    return "; ".join(_enter_override(act, each, known) for each in (first, second))


def _enter(act: Act, book: Book, changed: Rota, reason: str, correction: bool) -> str:
    """Enter what has changed as a new revision, and tell who is on call by it."""
    entered = store.add(
        act.connection,
        changed,
        at=act.at,
        operator=act.operator,
        reason=reason,
        correction=correction,
        after=len(book.rotas.get(changed.name, ())),
    )
    event.append(act.connection, act.at, "oncall.changed", f"{changed.name} revision {entered.number}")
    told = f"{changed.name} revision {entered.number}"
    if not changed.layers:
        return f"{told}: the rota has ended"
    now = on_call(store.book(act.connection), changed.name, act.at)
    return f"{told}: {notation.shift_text(now, ZoneInfo(changed.zone))}"


def _enter_override(act: Act, wanted: Override, rota: Rota) -> str:
    entered = store.add_override(act.connection, wanted)
    data = {"override": entered.id, "person": entered.person}
    event.append(act.connection, act.at, "oncall.overridden", rota.name, data)
    zone = ZoneInfo(rota.zone)
    instead = f", instead of {entered.instead_of}" if entered.instead_of else ""
    person = entered.person or "nobody"
    span = f"from {notation.time_text(entered.starts, zone)} until {notation.time_text(entered.ends, zone)}"
    return f"{person} is on call in {rota.name} {span}{instead} (override {entered.id})"


OPERATIONS: tuple[Operation, ...] = (layer, unlayer, override, unoverride, swap)
