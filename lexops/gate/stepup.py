"""Proving who one is, for some minutes: a code, or a signature over a challenge. Every try is recorded."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from sqlalchemy import Connection

from lexops.auth import factors
from lexops.auth import store as people
from lexops.auth.factors import Challenge, Outcome
from lexops.auth.identity import Session
from lexops.auth.model import Operator
from lexops.config import DemandSettings
from lexops.errors import InvalidRequest, Refused
from lexops.gate.facts import ENVIRONMENTS
from lexops.gate.gate import Gate
from lexops.operations import Effect

LASTS = timedelta(minutes=5)
"""How long a second factor counts where the environment does not say."""


_SAME_KEY = Outcome(
    False,
    problem="the key that opened this session is not a second factor as well",
    hint="sign with another key or a security key, or give a code: lexops operator enrol",
)


class StepUps:
    """Second factors of a site's operators."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def with_code(self, session: Session, scope: str, code: str) -> str:
        """Prove it with a code of the authenticator, or a recovery code. Raises Refused."""
        self._minutes(scope)
        with self._gate.store.begin() as connection:
            person = self._person(connection, session)
            now = self._gate.clock.now()
            outcome = factors.check_code(connection, self._gate.keyring, person.id, code, now)
            return_text = self._settle(connection, session, person, scope, outcome)
        return _or_refuse(outcome, return_text)

    def challenge(self, session: Session, scope: str) -> Challenge:
        """A text to be signed with one of the operator's SSH keys. Raises Refused."""
        self._minutes(scope)
        with self._gate.store.begin() as connection:
            person = self._person(connection, session)
            site = self._gate.file.settings.site.name
            return factors.issue_challenge(
                connection,
                person.id,
                session.id,
                scope,
                site=site,
                name=person.name,
                now=self._gate.clock.now(),
            )

    def with_signature(self, session: Session, scope: str, armoured: str) -> str:
        """Prove it with a signature over the challenge. Raises Refused."""
        policy = self._gate.file.settings.policy
        self._minutes(scope)
        with self._gate.store.begin() as connection:
            person = self._person(connection, session)
            outcome = factors.check_signature(
                connection,
                person.id,
                session.id,
                scope,
                [key.fingerprint for key in person.keys],
                armoured,
                self._gate.clock.now(),
                require_touch=policy.require_touch,
                require_pin=policy.require_pin,
            )
            if outcome.accepted and not outcome.strong and outcome.fingerprint == session.fingerprint:
                outcome = _SAME_KEY
            return_text = self._settle(connection, session, person, scope, outcome)
        return _or_refuse(outcome, return_text)

    def _person(self, connection: Connection, session: Session) -> Operator:
        person = people.by_name(connection, session.operator)
        if person is None or not person.is_active(self._gate.clock.now()):
            raise Refused(f"{session.operator} is no active operator of this site")
        return person

    def _settle(
        self, connection: Connection, session: Session, person: Operator, scope: str, outcome: Outcome
    ) -> str:
        """Write down what a try gave; the caller commits it whatever it is."""
        now, minutes = self._gate.clock.now(), self._minutes(scope)
        kind = "step-up" if outcome.accepted else "step-up-refused"
        self._gate.recorder.note(
            connection,
            kind,
            f"step-up:{uuid4().hex}",
            person.id,
            now,
            {
                "scope": scope,
                "method": outcome.method or None,
                "session": session.id,
                "strong": outcome.strong,
            },
        )
        if outcome.accepted:
            factors.grant(
                connection,
                person.id,
                session.id,
                scope,
                outcome.method,
                outcome.strong,
                now,
                minutes,
                outcome.flags,
            )
        return f"second factor accepted: {scope} for {minutes} min"

    def _minutes(self, scope: str) -> int:
        """How long a second factor covers a scope. Raises InvalidRequest for a scope that there is not."""
        effect, _, environment = scope.partition(":")
        if effect not in set(Effect) or environment not in ENVIRONMENTS:
            hint = "an effect and an environment, for example destroy:production"
            raise InvalidRequest(f"{scope!r} is no scope", hint=hint)
        demand: DemandSettings = getattr(self._gate.file.settings.policy, environment)
        return max(1, int((demand.second_factor or LASTS).total_seconds() // 60))


def _or_refuse(outcome: Outcome, text: str) -> str:
    if not outcome.accepted:
        raise Refused(outcome.problem, hint=outcome.hint)
    return text
