"""The facts on which the gate decides: whose act, where, and what holds there now. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from lexops.auth.model import Operator
from lexops.auth.policy import Demands, Policy, Question, Rule, Verdict, worst
from lexops.config import Environment, PolicySettings, Settings
from lexops.operations import Effect, Operation, Request, Role

ENVIRONMENTS: tuple[Environment, ...] = ("production", "staging", "demo")


@dataclass(frozen=True, slots=True)
class Case:
    """A request with what it means on this site."""

    request: Request
    operation: Operation
    arguments: Mapping[str, object]
    environment: Environment
    target: str | None

    @property
    def word(self) -> str:
        """What a person types to confirm it; empty when nothing is destroyed."""
        if self.operation.effect is not Effect.DESTROY:
            return ""
        return self.target or self.operation.name


def case(settings: Settings, request: Request, operation: Operation, arguments: Mapping[str, object]) -> Case:
    """What a request means: where it acts, and on what."""
    given = arguments.get("target")
    target = str(given) if given is not None else None
    known = settings.targets.get(target) if target else None
    environment = known.environment if known else site_environment(settings)
    return Case(request, operation, arguments, environment, target if known else None)


def site_environment(settings: Settings) -> Environment:
    """The environment of acts on the site itself: that of its most precious target."""
    return worst(target.environment for target in settings.targets.values())


@dataclass(frozen=True, slots=True)
class Freeze:
    """A span in which nothing is changed on the targets of some environments, but by break-glass."""

    environments: frozenset[Environment]
    starts: datetime
    ends: datetime
    why: str
    operator: str = ""
    """Empty for what stands in the site's file."""
    number: int | None = None
    """None for what stands in the site's file."""


def freezes(settings: PolicySettings) -> list[Freeze]:
    """The freezes that stand in the site's file."""
    return [Freeze(frozenset(each.environments), each.start, each.end, each.why) for each in settings.freeze]


def frozen(freezes: Iterable[Freeze], environment: Environment, at: datetime) -> str:
    """Why changes are frozen in an environment at a moment; empty when they are not."""
    return next((f.why for f in freezes if environment in f.environments and f.starts <= at < f.ends), "")


def policy(settings: PolicySettings) -> Policy:
    """The rules that hold everywhere, and what the site forbids and demands besides."""
    demands = {
        name: Demands(demand.second_factor, demand.approvals)
        for name, demand in zip(
            ENVIRONMENTS, (settings.production, settings.staging, settings.demo), strict=True
        )
    }
    forbids = tuple(
        Rule(
            Verdict.FORBID,
            rule.why,
            roles=frozenset(Role(role) for role in rule.roles),
            effects=frozenset(Effect(effect) for effect in rule.effects),
            environments=frozenset(rule.environments),
            doors=frozenset(rule.doors),
            operations=tuple(rule.operations),
        )
        for rule in settings.forbid
    )
    base = Policy(demands)
    return Policy(demands, base.rules + forbids)


def question(
    settings: Settings,
    case: Case,
    operator: Operator | None,
    at: datetime,
    second_factor_age: timedelta | None,
    *,
    genuine: bool,
    freezes: Iterable[Freeze],
) -> Question:
    """What the policy is asked about a case."""
    request, operation = case.request, case.operation
    active = operator is not None and genuine and operator.is_active(at)
    return Question(
        operator=request.operator,
        role=operator.role if operator is not None and active else None,
        operation=operation.name,
        declared=operation.role,
        effect=operation.effect,
        environment=case.environment,
        door=request.door,
        critical=operation.critical,
        reaches_target=operation.reaches_target,
        read_only=settings.site.read_only or request.read_only,
        freeze=frozen(freezes, case.environment, at),
        second_factor_age=second_factor_age,
        forged=operator is not None and not genuine,
    )
