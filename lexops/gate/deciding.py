"""May this person do this here, now? Gathers the facts from the store and asks the policy."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from lexops.auth import factors
from lexops.auth import store as people
from lexops.auth.model import Operator
from lexops.auth.policy import UNATTENDED, Decision, decide, scope
from lexops.clock import Clock
from lexops.config import SiteFile
from lexops.gate import facts
from lexops.gate.facts import Case
from lexops.gate.freezes import freezes
from lexops.privacy.keyring import Keyring


class Deciding:
    """The policy of a site, over the people in its store."""

    def __init__(self, file: SiteFile, keyring: Keyring, clock: Clock) -> None:
        self._file = file
        self._keyring = keyring
        self._clock = clock
        self._policy = facts.policy(file.settings.policy)

    def decision(self, connection: Connection, case: Case, person: Operator | None) -> Decision:
        """Whether the act may go on as things stand, and what it still needs."""
        now = self._clock.now()
        age = None
        if person is not None and case.operation.critical:
            covers = scope(case.operation.effect, case.environment)
            step_up = factors.fresh(connection, person.id, case.request.session, covers, now)
            age = None if step_up is None else now - step_up.at
        genuine = person is not None and people.is_genuine(self._keyring, person)
        standing = freezes(connection, self._file, now)
        asked = facts.question(self._file.settings, case, person, now, age, genuine=genuine, freezes=standing)
        decision = decide(self._policy, asked)
        if case.request.break_glass and (not decision.permitted or decision.approvals):
            return decide(self._policy, replace(asked, break_glass=case.request.door not in UNATTENDED))
        return decision

    def breaks_glass(self, connection: Connection, case: Case, person: Operator) -> bool:
        """Whether the act could not pass without breaking the glass."""
        if not case.request.break_glass:
            return False
        plain = replace(case, request=replace(case.request, break_glass=""))
        decision = self.decision(connection, plain, person)
        return not decision.permitted or decision.approvals > 0
