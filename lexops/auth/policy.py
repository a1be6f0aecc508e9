"""Who may do what: permit and forbid rules over plain facts. Pure.

Nothing is allowed that no rule permits, and a rule that forbids wins over every one that permits (the
semantics of Cedar, https://docs.cedarpolicy.com/auth/authorization.html). What an act needs besides
permission, a second factor or approval, depends on its weight and its environment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase

from lexops.config import Environment
from lexops.operations import Effect, Role

FULFILS: Mapping[Role, frozenset[Role]] = {
    Role.SUPPORT: frozenset({Role.SUPPORT, Role.ADMINISTRATOR, Role.MANAGER}),
    Role.ADMINISTRATOR: frozenset({Role.ADMINISTRATOR}),
    Role.MANAGER: frozenset({Role.MANAGER, Role.ADMINISTRATOR}),
    Role.AUDITOR: frozenset({Role.AUDITOR, Role.MANAGER, Role.ADMINISTRATOR}),
}
"""Which roles may do what is declared for a role."""
APPROVERS = frozenset({Role.ADMINISTRATOR, Role.MANAGER})
"""Who may approve."""
UNATTENDED = ("schedule",)
"""Doors at which nobody is present to confirm or to prove who they are."""


@dataclass(frozen=True, slots=True)
class Question:
    """The facts on which a decision rests."""

    operator: str
    role: Role | None
    """None for somebody who is no active operator of this site."""
    operation: str
    declared: Role | None
    effect: Effect
    environment: Environment
    door: str
    critical: bool = False
    reaches_target: bool = False
    read_only: bool = False
    freeze: str = ""
    """Why changes are frozen now in this environment; empty when they are not."""
    second_factor_age: timedelta | None = None
    break_glass: bool = False
    forged: bool = False
    """Whether the operator's entry was not made by LexOps; the role is then None."""


class Verdict(StrEnum):
    """What a rule says when it fits."""

    PERMIT = "permit"
    FORBID = "forbid"


@dataclass(frozen=True, slots=True)
class Rule:
    """Fits when everything it names fits; what is None or empty does not matter."""

    verdict: Verdict
    why: str
    roles: frozenset[Role] = frozenset()
    effects: frozenset[Effect] = frozenset()
    environments: frozenset[Environment] = frozenset()
    doors: frozenset[str] = frozenset()
    operations: tuple[str, ...] = ()
    """Names, with * for any part."""
    role_fulfils: bool | None = None
    read_only: bool | None = None
    frozen: bool | None = None
    reaches_target: bool | None = None
    break_glass: bool | None = None

    def fits(self, question: Question) -> bool:
        """Whether the rule has something to say."""
        sets: Sequence[tuple[frozenset[object], object]] = (
            (frozenset(self.roles), question.role),
            (frozenset(self.effects), question.effect),
            (frozenset(self.environments), question.environment),
            (frozenset(self.doors), question.door),
        )
        flags = (
            (self.role_fulfils, fulfils(question.role, question.declared)),
            (self.read_only, question.read_only),
            (self.frozen, bool(question.freeze)),
            (self.reaches_target, question.reaches_target),
            (self.break_glass, question.break_glass),
        )
        return (
            all(not wanted or found in wanted for wanted, found in sets)
            and all(wanted is None or wanted == found for wanted, found in flags)
            and (not self.operations or any(fnmatchcase(question.operation, p) for p in self.operations))
        )


def fulfils(role: Role | None, declared: Role | None) -> bool:
    """Whether somebody with `role` may do what is declared for `declared` (None: every operator)."""
    return role is not None and (declared is None or role in FULFILS[declared])


CHANGES = frozenset({Effect.CHANGE, Effect.DESTROY})
RULES: tuple[Rule, ...] = (
    Rule(Verdict.PERMIT, "the role covers it", role_fulfils=True),
    Rule(Verdict.FORBID, "read-only: nothing is changed from here", effects=CHANGES, read_only=True),
    Rule(
        Verdict.FORBID,
        "changes are frozen",
        effects=CHANGES,
        frozen=True,
        reaches_target=True,
        break_glass=False,
    ),
    Rule(
        Verdict.FORBID,
        "support engineers destroy nothing",
        roles=frozenset({Role.SUPPORT}),
        effects=frozenset({Effect.DESTROY}),
    ),
)
"""What holds on every site; a site can only forbid more."""


@dataclass(frozen=True, slots=True)
class Demands:
    """What weighty acts need in one environment."""

    second_factor: timedelta | None
    """How fresh it has to be; None when none is needed."""
    approvals: int
    """How many other people must agree to what destroys."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of a site and the demands of its environments."""

    demands: Mapping[Environment, Demands]
    rules: tuple[Rule, ...] = RULES


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy says to a question."""

    permitted: bool
    why: str
    second_factor: timedelta | None
    """A second factor no older than this is still missing; None when nothing is."""
    approvals: int
    fitting: tuple[Rule, ...]


def decide(policy: Policy, question: Question) -> Decision:
    """Whether the act may go on, and what it still needs."""
    fitting = tuple(rule for rule in policy.rules if rule.fits(question))
    forbids = [rule for rule in fitting if rule.verdict is Verdict.FORBID]
    permits = [rule for rule in fitting if rule.verdict is Verdict.PERMIT]
    if question.role is None:
        why = (
            "was not made an operator by LexOps" if question.forged else "is no active operator of this site"
        )
        return Decision(False, f"{question.operator} {why}", None, 0, fitting)
    if forbids:
        return Decision(False, _reason(forbids[0], question), None, 0, fitting)
    if not permits:
        return Decision(False, _needs(question.declared, question.role), None, 0, fitting)
    return Decision(
        True, permits[0].why, _missing_factor(policy, question), _approvals(policy, question), fitting
    )


def _reason(rule: Rule, question: Question) -> str:
    return f"{rule.why}: {question.freeze}" if rule.frozen else rule.why


def _needs(declared: Role | None, role: Role) -> str:
    roles = " or ".join(sorted(FULFILS[declared])) if declared else "an operator"
    return f"needs the role {roles}; you have {role}"


def _missing_factor(policy: Policy, question: Question) -> timedelta | None:
    limit = policy.demands[question.environment].second_factor
    if limit is None or not question.critical or question.door in UNATTENDED:
        return None
    age = question.second_factor_age
    return None if age is not None and timedelta() <= age <= limit else limit


def _approvals(policy: Policy, question: Question) -> int:
    if question.effect is not Effect.DESTROY or question.break_glass:
        return 0
    wanted = policy.demands[question.environment].approvals
    # Where nobody was there to confirm it, somebody has to agree.
    return max(wanted, 1) if question.door in UNATTENDED else wanted


def scope(effect: Effect, environment: Environment) -> str:
    """What one second factor covers for its minutes: acts of one weight in one environment."""
    return f"{effect}:{environment}"


def worst(environments: Iterable[Environment]) -> Environment:
    """The one in which most can be lost; demo where there is nothing yet."""
    present = set(environments)
    order: tuple[Environment, ...] = ("production", "staging")
    return next((each for each in order if each in present), "demo")
