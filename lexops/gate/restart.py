"""Letting the record go on after a restore or a lost key: the one weighty act that cannot wait for a seal."""

from __future__ import annotations

import os
from typing import Annotated

from lexops.audit import restarts, sealing
from lexops.audit.heads import HeadFile, Heads, Recollection, gather, state_folder
from lexops.audit.keys import SealingKeys
from lexops.audit.restart import restart as open_epoch
from lexops.auth import factors
from lexops.auth import store as people
from lexops.auth.policy import UNATTENDED, scope
from lexops.errors import Refused
from lexops.gate import facts
from lexops.gate.model import Preview, SecondFactorNeeded
from lexops.operations import Act, Effect, Privacy, Role, operation


@operation("audit.restart", role=Role.ADMINISTRATOR, effect=Effect.CHANGE)
def restart(
    act: Act, *, reason: Annotated[str, "what was restored or lost, and why", Privacy.PERSONAL]
) -> str:
    """Restart the record.

    It goes on after a restore or a lost key. Only when it cannot be sealed because the store is older than
    what was sealed, or the key of the open epoch is gone. Every verification shows it from then on.
    """
    if act.request.door in UNATTENDED:
        raise Refused("the record is not restarted by the clock", hint="somebody has to be there for it")
    _demand_second_factor(act)
    keys = SealingKeys(act.keyring.folder)
    memories = gather(sealing.origin(act.connection), keys, _places(act))
    made = open_epoch(act.connection, keys, act.at, memories)
    return f"the record goes on in epoch {made.number}; {restarts.in_words(made)}"


def _demand_second_factor(act: Act) -> None:
    """What the gate demands of critical acts; this cannot be one, for those are sealed before they happen.

    Raises SecondFactorNeeded.
    """
    environment = facts.site_environment(act.file.settings)
    limit = facts.policy(act.file.settings.policy).demands[environment].second_factor
    covers = scope(Effect.CHANGE, environment)
    found = factors.fresh(act.connection, act.operator_id, act.request.session, covers, act.at)
    if limit is None or (found is not None and act.at - found.at <= limit):
        return
    person = people.by_id(act.connection, act.operator_id)
    has_any = person is not None and factors.has_any(act.connection, person)
    asked = Preview(
        operation=restart.name,
        title=restart.title,
        effect=restart.effect,
        environment=environment,
        target=None,
        plan=(),
        approvals=0,
        second_factor=limit,
        scope=covers,
        word="",
        break_glass=False,
    )
    raise SecondFactorNeeded(asked, has_any)


def _places(act: Act) -> list[Recollection]:
    """Where this account can read remembered heads."""
    found: list[Recollection] = [Heads(state_folder(os.environ))]
    file = act.file.settings.record.witness_file
    return [*found, HeadFile(act.file.resolve(file))] if file is not None else found


OPERATIONS = (restart,)
