"""What people do with external trackers."""

from __future__ import annotations

import re
from typing import Annotated

from lexops.errors import InvalidRequest, Refused
from lexops.incidents import store as incidents
from lexops.operations import Act, Effect, Operation, Role, operation
from lexops.operations.common import IncidentNumber
from lexops.text import plural
from lexops.trackers import joining, store
from lexops.trackers.opening import settings_of

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._#-]{0,119}")


@operation("tracker.link", role=Role.SUPPORT, effect=Effect.CHANGE)
def link(
    act: Act,
    *,
    incident: IncidentNumber,
    tracker: Annotated[str, "a name under [trackers]"],
    external: Annotated[
        str | None, "the id of a ticket that is there already; else a new one is made"
    ] = None,
) -> str:
    """Link with a tracker's ticket.

    From now on comments there come here, and what happens here is told there. The state here holds at first:
    a ticket that is closed there is opened again when the incident is open.
    """
    settings_of(act.file, tracker)
    known = incidents.get(act.connection, incident, lock=True)
    there = store.find(act.connection, incident, tracker)
    if there is not None:
        raise Refused(f"incident #{incident} is linked with {there.name} already")
    if external is None:
        joining.make(act.connection, known, tracker, act.at)
        return f"incident #{incident}: the worker makes a ticket in {tracker}"
    if not ID.fullmatch(external):
        hint = "as the tracker writes it: OPS-12; of Zammad the number in the ticket's address"
        raise InvalidRequest(f"external: {external!r} is no id of a ticket", hint=hint)
    holder = store.holder(act.connection, tracker, external)
    if holder is not None:
        raise Refused(f"{holder.name} is linked with incident #{holder.incident} already")
    joining.joined(act.connection, incident, tracker, external, act.at, act.operator)
    upto = joining.newest(act.connection, incident)
    store.add(act.connection, incident, tracker, external, upto, act.at)
    return f"incident #{incident} is linked with {tracker}/{external}"


@operation("tracker.unlink", role=Role.SUPPORT, effect=Effect.CHANGE)
def unlink(
    act: Act,
    *,
    incident: IncidentNumber,
    tracker: Annotated[str, "a name under [trackers]"],
) -> str:
    """Leave a tracker's ticket alone.

    Nothing goes there and nothing comes from there any more; the ticket itself stays as it is.
    """
    incidents.get(act.connection, incident, lock=True)
    found = store.get(act.connection, incident, tracker)
    store.remove(act.connection, found.id)
    words = f"no longer kept in step with {found.name}"
    joining.told(act.connection, incident, tracker, words, act.at, act.operator)
    return f"incident #{incident}: {words}"


@operation("tracker.sync", role=Role.SUPPORT, effect=Effect.CHANGE)
def sync(
    act: Act,
    *,
    incident: Annotated[int | None, "only this incident's tickets"] = None,
    tracker: Annotated[str | None, "only this tracker's: a name under [trackers]"] = None,
) -> str:
    """Compare with trackers now.

    The worker does so at once, even where a failed exchange would wait.
    """
    if tracker is not None:
        settings_of(act.file, tracker)
    wanted = [each for each in store.links(act.connection, incident) if tracker in (None, each.tracker)]
    if not wanted:
        raise Refused("nothing is linked with a tracker there", hint="see: lexops tracker list")
    for each in wanted:
        store.change(act.connection, each.id, due=act.at)
    return f"{plural(len(wanted), 'ticket')}: the worker compares now"


OPERATIONS: tuple[Operation, ...] = (link, unlink, sync)
