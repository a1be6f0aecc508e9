"""What is known of the operators, read for the screens of `lexops operator`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lexops.auth import factors
from lexops.auth import store as people
from lexops.auth.factors import Enrolled
from lexops.auth.model import Operator, standing
from lexops.auth.policy import Decision, Question, decide
from lexops.config import Environment
from lexops.gate import facts
from lexops.gate.facts import Freeze
from lexops.gate.freezes import freezes
from lexops.operations import Operation, Request

if TYPE_CHECKING:
    from lexops.site import Site


@dataclass(frozen=True, slots=True)
class Person:
    """An operator with everything that proves who it is."""

    operator: Operator
    standing: str
    enrolled: Enrolled


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What one person may do: by operation, the decision in each environment."""

    person: Person
    last_proof: datetime | None
    """When the last second factor was accepted."""
    last_act: datetime | None
    """When the person last did something."""
    decisions: tuple[tuple[Operation, tuple[tuple[Environment, Decision], ...]], ...]


def known(site: Site) -> list[Person]:
    """Everybody who is or was an operator, by name."""
    now = site.clock.now()
    with site.store.read() as connection:
        return [
            Person(each, standing(each, now), factors.enrolled(connection, each.id))
            for each in people.operators(connection)
        ]


def review(site: Site) -> list[Reviewed]:
    """What everybody may do, decided as the gate decides it."""
    from lexops.audit import log

    found = []
    with site.store.read() as connection:
        frozen = freezes(connection, site.file, site.clock.now())
    for person in known(site):
        id = person.operator.id
        with site.store.read() as connection:
            proof = log.entries(connection, log.Filter(kind="step-up", actor=id), limit=1)
            act = log.entries(connection, log.Filter(kind="done", actor=id), limit=1)
        found.append(
            Reviewed(
                person,
                proof[0].at if proof else None,
                act[0].at if act else None,
                tuple((each, decisions(site, person.operator, each, frozen)) for each in site.gate.catalogue),
            )
        )
    return found


def decisions(
    site: Site, operator: Operator, operation: Operation, frozen: Sequence[Freeze]
) -> tuple[tuple[Environment, Decision], ...]:
    """What the policy says when an operator asks for an operation, without a second factor, everywhere."""
    settings, now = site.file.settings, site.clock.now()
    policy = facts.policy(settings.policy)
    genuine = people.is_genuine(site.gate.keyring, operator)
    request = Request(operation.name, {}, operator.name, "cli", "review")

    def asked(where: Environment) -> Question:
        case = facts.Case(request, operation, {}, where, None)
        return facts.question(settings, case, operator, now, None, genuine=genuine, freezes=frozen)

    return tuple((where, decide(policy, asked(where))) for where in facts.ENVIRONMENTS)
