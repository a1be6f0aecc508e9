"""The policy: nothing unless permitted, a forbid always wins, support engineers never destroy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.auth.policy import (
    FULFILS,
    RULES,
    Demands,
    Policy,
    Question,
    Rule,
    Verdict,
    decide,
    fulfils,
    worst,
)
from lexops.config import Environment, FreezeSettings, PolicySettings
from lexops.gate import facts
from lexops.operations import Effect, Role

ENVIRONMENTS: tuple[Environment, ...] = ("production", "staging", "demo")
DEMANDS = Policy(
    {
        "production": Demands(timedelta(minutes=5), 1),
        "staging": Demands(timedelta(minutes=15), 0),
        "demo": Demands(None, 0),
    }
)
roles = st.sampled_from([None, *Role])
questions = st.builds(
    Question,
    operator=st.just("kim"),
    role=roles,
    operation=st.sampled_from(["backup.restore", "incident.note", "operator.add"]),
    declared=roles,
    effect=st.sampled_from(Effect),
    environment=st.sampled_from(ENVIRONMENTS),
    door=st.sampled_from(["cli", "console", "schedule", "runbook"]),
    critical=st.booleans(),
    reaches_target=st.booleans(),
    read_only=st.booleans(),
    freeze=st.sampled_from(["", "closing of the year"]),
    second_factor_age=st.one_of(st.none(), st.timedeltas(timedelta(hours=-1), timedelta(hours=1))),
    break_glass=st.booleans(),
)
some_roles = st.frozensets(st.sampled_from(Role))
some_effects = st.frozensets(st.sampled_from(Effect))
flags = st.one_of(st.none(), st.booleans())
rules = st.builds(
    Rule,
    verdict=st.sampled_from(Verdict),
    why=st.just("because"),
    roles=some_roles,
    effects=some_effects,
    environments=st.frozensets(st.sampled_from(ENVIRONMENTS)),
    doors=st.frozensets(st.sampled_from(["cli", "schedule"])),
    operations=st.sampled_from([(), ("backup.*",), ("*",), ("incident.note",)]),
    role_fulfils=flags,
    read_only=flags,
    frozen=flags,
    reaches_target=flags,
    break_glass=flags,
)


@given(questions, st.lists(rules, max_size=6))
def test_a_forbid_always_wins(question: Question, more: list[Rule]) -> None:
    policy = replace(DEMANDS, rules=(*RULES, *more))
    forbidden = any(rule.verdict is Verdict.FORBID and rule.fits(question) for rule in policy.rules)
    if forbidden:
        assert not decide(policy, question).permitted


@given(questions, st.lists(rules, max_size=6))
def test_nothing_is_allowed_that_no_rule_permits(question: Question, more: list[Rule]) -> None:
    policy = replace(DEMANDS, rules=tuple(more))
    if decide(policy, question).permitted:
        assert any(rule.verdict is Verdict.PERMIT and rule.fits(question) for rule in more)


@given(questions, st.lists(rules.filter(lambda rule: rule.verdict is Verdict.FORBID), max_size=4))
def test_a_site_can_only_forbid_more(question: Question, more: list[Rule]) -> None:
    stricter = decide(replace(DEMANDS, rules=(*RULES, *more)), question)
    assert not stricter.permitted or decide(DEMANDS, question).permitted


@given(questions, st.lists(rules, max_size=3), st.randoms())
def test_the_order_of_rules_does_not_matter(question: Question, more: list[Rule], random: object) -> None:
    mixed = [*RULES, *more]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    one = decide(replace(DEMANDS, rules=(*RULES, *more)), question)
    two = decide(replace(DEMANDS, rules=tuple(mixed)), question)
    assert (one.permitted, one.approvals, one.second_factor) == (
        two.permitted,
        two.approvals,
        two.second_factor,
    )


@given(questions)
def test_somebody_who_is_no_operator_may_nothing(question: Question) -> None:
    assert not decide(DEMANDS, replace(question, role=None)).permitted


@given(questions)
def test_a_support_engineer_never_destroys(question: Question) -> None:
    asked = replace(question, role=Role.SUPPORT, effect=Effect.DESTROY)
    assert not decide(DEMANDS, asked).permitted


@given(questions)
def test_read_only_changes_nothing(question: Question) -> None:
    if decide(DEMANDS, replace(question, read_only=True)).permitted:
        assert question.effect is Effect.READ


@given(questions)
def test_breaking_the_glass_opens_only_a_freeze_and_spares_only_approvals(question: Question) -> None:
    without = decide(DEMANDS, replace(question, break_glass=False))
    broken = decide(DEMANDS, replace(question, break_glass=True))
    if broken.permitted and not without.permitted:
        assert question.freeze and question.reaches_target
    if broken.permitted and without.permitted:
        assert broken.second_factor == without.second_factor


@given(questions)
def test_what_destroys_in_production_has_a_second_factor_and_another_person(question: Question) -> None:
    asked = replace(
        question, effect=Effect.DESTROY, environment="production", critical=True, break_glass=False
    )
    decision = decide(DEMANDS, asked)
    if decision.permitted:
        assert decision.approvals >= 1
        age = question.second_factor_age
        fresh = age is not None and timedelta() <= age <= timedelta(minutes=5)
        assert fresh or decision.second_factor is not None or question.door == "schedule"


@given(questions)
def test_what_runs_by_the_clock_destroys_nothing_without_a_person(question: Question) -> None:
    asked = replace(question, effect=Effect.DESTROY, door="schedule")
    decision = decide(DEMANDS, asked)
    assert not decision.permitted or decision.approvals >= 1 or question.break_glass


def test_a_second_factor_from_the_future_does_not_count() -> None:
    question = Question(
        "ana",
        Role.ADMINISTRATOR,
        "x",
        Role.ADMINISTRATOR,
        Effect.DESTROY,
        "production",
        "cli",
        critical=True,
        second_factor_age=timedelta(seconds=-1),
    )
    assert decide(DEMANDS, question).second_factor == timedelta(minutes=5)


@pytest.mark.parametrize("role", Role)
def test_every_role_may_do_what_is_for_everybody_and_what_is_its_own(role: Role) -> None:
    assert fulfils(role, None) and fulfils(role, role)
    assert not fulfils(None, None)


def test_administration_is_for_administrators_only() -> None:
    assert FULFILS[Role.ADMINISTRATOR] == {Role.ADMINISTRATOR}


def test_the_worst_environment_counts() -> None:
    assert worst(["demo", "production", "staging"]) == "production"
    assert worst(["demo", "staging"]) == "staging"
    assert worst([]) == "demo"


def test_a_freeze_holds_from_its_start_until_its_end_in_its_environments() -> None:
    start, end = datetime(2026, 12, 20, 18, tzinfo=UTC), datetime(2027, 1, 2, 6, tzinfo=UTC)
    settings = PolicySettings(freeze=[FreezeSettings(start=start, end=end, why="closing of the year")])
    freezes = facts.freezes(settings)
    tick = timedelta(microseconds=1)
    assert facts.frozen(freezes, "production", start) == "closing of the year"
    assert facts.frozen(freezes, "production", end - tick) == "closing of the year"
    assert facts.frozen(freezes, "production", end) == ""
    assert facts.frozen(freezes, "production", start - tick) == ""
    assert facts.frozen(freezes, "demo", start) == ""


def test_a_sites_own_forbid_is_told_to_whoever_is_refused() -> None:
    settings = PolicySettings.model_validate(
        {"forbid": [{"why": "billing week", "roles": ["support"], "operations": ["incident.*"]}]}
    )
    question = Question(
        "sam", Role.SUPPORT, "incident.note", Role.SUPPORT, Effect.CHANGE, "production", "cli"
    )
    decision = decide(facts.policy(settings), question)
    assert (decision.permitted, decision.why) == (False, "billing week")
