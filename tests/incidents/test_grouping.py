"""Which incidents belong together, as a pure question."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lexops.checks.model import Status
from lexops.incidents.grouping import Candidate, Change, Known, Placement, loose, place
from lexops.incidents.model import Incident, Origin, State
from lexops.incidents.policy import Policy, is_worse
from tests.clock import START

MINUTE = timedelta(minutes=1)
UP = "up"
HOSTS = {"db": "metal", "web": "metal", "app": "iron"}
ENVIRONMENTS = {
    **dict.fromkeys(("db", "web", "metal", "iron", "app", "lone"), "production"),
    "trial": "staging",
    "guest": "staging",
}
HOSTS_TOO = HOSTS | {"guest": "metal"}
POLICY = Policy(
    group=5 * MINUTE,
    storm=4,
    hosts=HOSTS_TOO,
    environments=ENVIRONMENTS,
    availability=frozenset((target, UP) for target in ENVIRONMENTS),
)


def incident(id: int, target: str | None, check: str = "a.b", severity: Status = Status.CRITICAL) -> Incident:
    return Incident(
        id,
        f"{target}/{check}",
        "Title",
        severity,
        State.OPEN,
        target,
        check,
        START,
        START,
        origin=Origin.CHECK,
    )


def known(*candidates: Incident, began: datetime = START, **more: object) -> Known:
    begun = [(each.target, each.origin.value) for each in candidates]
    found = [Candidate(each, began) for each in candidates]
    return Known(**({"candidates": found, "begun": begun} | more))  # type: ignore[arg-type]


def under(new: Incident, around: Known, at: datetime = START + MINUTE, policy: Policy = POLICY) -> int | None:
    """Under which one a new incident stands."""
    around = replace(around, begun=[*around.begun, (new.target, new.origin.value)])
    placed = {each.child: each.parent for each in place(new, at, around, policy)}
    return placed.get(new.id)


def reason(new: Incident, around: Known) -> str:
    (placed,) = place(new, START + MINUTE, around, POLICY)
    return placed.reason


def test_what_breaks_on_the_same_target_is_one_problem() -> None:
    assert under(incident(2, "db", "c.d"), known(incident(1, "db"))) == 1
    assert reason(incident(2, "db", "c.d"), known(incident(1, "db"))) == "on db as well"


def test_that_a_target_cannot_be_reached_comes_before_what_began_first() -> None:
    around = known(incident(1, "db"), incident(2, "db", UP), incident(3, "metal", UP))
    assert under(incident(4, "db", "c.d"), around) == 2
    assert reason(incident(4, "db", "c.d"), around) == "db cannot be reached"


def test_what_depends_on_a_host_stands_under_its_problem() -> None:
    around = known(incident(1, "metal", "host.disk"), incident(2, "metal", UP))
    assert under(incident(3, "web"), around) == 2
    assert reason(incident(3, "web"), around) == "its host metal cannot be reached"
    assert (
        reason(incident(3, "web"), known(incident(1, "metal", "host.disk"))) == "its host metal has a problem"
    )


def test_findings_in_billing_data_stand_alone_but_after_one_change() -> None:
    trust, orphan = incident(1, "db", "billing.trust-negative"), incident(2, "db", "billing.entry-orphan")
    assert under(orphan, known(trust)) is None
    assert under(orphan, known(incident(1, "db", "sqlite.placement"))) is None
    assert under(incident(3, "db", "sqlite.placement"), known(trust)) is None
    many = [incident(number, "db", f"billing.b{number}") for number in range(1, 9)]
    assert under(incident(9, "db", "billing.b9"), known(*many)) is None
    change = Change(12, "database.update", "db", START - MINUTE)
    assert under(orphan, known(trust, changes=[change])) == 1


def test_billing_data_that_cannot_be_seen_are_one_problem() -> None:
    hidden = incident(1, "db", "billing.trust-negative", Status.UNKNOWN)
    more = incident(2, "db", "billing.entry-orphan", Status.UNKNOWN)
    assert under(more, known(hidden)) == 1
    assert under(more, known(incident(1, "db", "postgresql.blocked-sessions"))) == 1
    assert under(more, known(incident(1, "db", "billing.trust-negative"))) is None
    assert under(incident(2, "db", "billing.entry-orphan"), known(hidden)) is None


def test_two_targets_on_one_host_are_two_problems_until_something_joins_them() -> None:
    assert under(incident(2, "web"), known(incident(1, "db"))) is None
    change = Change(12, "database.update", "metal", START - MINUTE)
    around = known(incident(1, "db"), changes=[change])
    assert under(incident(2, "web"), around) == 1
    assert reason(incident(2, "web"), around) == "after the same change: request #12, database.update"


def test_a_change_after_the_first_failure_is_not_its_reason() -> None:
    change = Change(12, "database.update", "metal", START + MINUTE / 2)
    assert under(incident(2, "web"), known(incident(1, "db"), changes=[change])) is None


def test_later_than_the_time_of_the_site_nothing_belongs_together() -> None:
    late = START + POLICY.group + timedelta(seconds=1)
    assert under(incident(2, "db", "c.d"), known(incident(1, "db")), late) is None
    assert under(incident(2, "db", "c.d"), known(incident(1, "db")), START + POLICY.group) == 1
    off = replace(POLICY, group=timedelta())
    assert under(incident(2, "db", "c.d"), known(incident(1, "db")), START, off) is None


def test_nothing_stands_under_what_is_less_bad() -> None:
    mild = incident(1, "db", severity=Status.WARNING)
    assert under(incident(2, "db", "c.d"), known(mild)) is None
    assert under(incident(2, "db", "c.d", Status.WARNING), known(mild)) == 1


def test_environments_stay_apart_unless_the_host_is_the_same() -> None:
    storm = known(*(incident(n, "lone", f"c{n}") for n in range(1, 9)))
    assert under(incident(9, "trial"), storm) is None
    assert under(incident(9, "app"), storm) == 1
    assert under(incident(2, "guest"), known(incident(1, "metal", UP))) == 1


def test_a_storm_stands_under_the_first_and_takes_those_before_it_along() -> None:
    first, *others = (incident(n, target) for n, target in enumerate(("db", "web", "lone"), 1))
    new = incident(4, "app")
    around = known(first, *others, new)
    placed = place(new, START + MINUTE, around, POLICY)
    reason = "a storm: 4 new incidents within 5 min"
    assert placed == [Placement(4, 1, reason), Placement(2, 1, reason), Placement(3, 1, reason)]


def test_a_storm_leaves_alone_what_somebody_has() -> None:
    first, taken, new = incident(1, "db"), replace(incident(2, "web"), owner="ana"), incident(4, "app")
    around = known(first, taken, incident(3, "lone"), new, parents={3})
    assert [each.child for each in place(new, START + MINUTE, around, POLICY)] == [4]


def test_keep_5115_old_and_written_incidents_do_not_count_for_a_storm() -> None:
    written = [(None, Origin.MAIL.value), ("db", Origin.HAND.value), ("lexops", Origin.CHECK.value)]
    around = known(incident(1, "db"), incident(2, "web"), begun=[("db", "check"), ("web", "check"), *written])
    assert under(incident(3, "lone"), around) is None


def test_what_failed_a_moment_before_its_host_was_gone_stands_under_that() -> None:
    around = known(incident(1, "db"), incident(2, "web"), incident(3, "lone"), incident(4, "app"))
    host = incident(5, "metal", UP)
    placed = place(host, START + MINUTE, around, replace(POLICY, storm=100))
    assert [(each.child, each.parent) for each in placed] == [(1, 5), (2, 5)]
    assert {each.reason for each in placed} == {"its host metal cannot be reached"}


def test_lexops_own_problems_stand_alone() -> None:
    assert under(incident(2, "lexops", "lexops.outbox"), known(incident(1, "lexops", "lexops.sight"))) is None
    assert under(incident(2, None), known(incident(1, None))) is None


incidents = st.builds(
    incident,
    id=st.integers(1, 30),
    target=st.sampled_from([*ENVIRONMENTS, "lexops", None]),
    check=st.sampled_from([UP, "a.b", "c.d"]),
    severity=st.sampled_from([Status.WARNING, Status.UNKNOWN, Status.CRITICAL]),
)


@given(
    incidents,
    st.lists(incidents, max_size=12, unique_by=lambda each: each.id),
    st.sets(st.integers(1, 30), max_size=3),
    st.integers(0, 400),
)
def test_whatever_is_known_the_rules_hold(
    new: Incident, others: list[Incident], parents: set[int], seconds: int
) -> None:
    others = [each for each in others if each.id != new.id]
    at = START + timedelta(seconds=seconds)
    around = known(*others, new, parents=parents)
    placed = place(new, at, around, POLICY)
    by_id = {each.id: each for each in (*others, new)}
    heads = {each.parent for each in placed}
    assert len(heads) <= 1 and len({each.child for each in placed}) == len(placed)
    for each in placed:
        child, parent = by_id[each.child], by_id[each.parent]
        assert child.id not in heads and child.id not in parents, "one level deep"
        assert not is_worse(child.severity, parent.severity)
        assert seconds <= POLICY.group.total_seconds()
        one, other = child.target or "", parent.target or ""
        assert "lexops" not in (one, other)
        same_host = HOSTS_TOO.get(one, one) == HOSTS_TOO.get(other, other)
        assert same_host or ENVIRONMENTS[one] == ENVIRONMENTS[other]
        assert each.reason


def test_a_child_is_let_go_when_its_parent_ends_or_is_less_bad() -> None:
    child = incident(2, "db")
    parent = incident(1, "db")
    assert loose(child, parent, by_hand=False, looked=True) == ""
    ended = replace(parent, state=State.RESOLVED)
    assert loose(child, ended, by_hand=False, looked=True) == "#1 is resolved, and this is not"
    assert loose(child, ended, by_hand=False, looked=False) == ""
    mild = replace(parent, severity=Status.WARNING)
    assert loose(child, mild, by_hand=False, looked=True) == "it is CRITICAL, which is worse than #1"
    assert loose(child, mild, by_hand=True, looked=True) == ""


def test_a_finding_in_billing_data_is_let_go_though_it_is_no_worse_than_not_being_seen() -> None:
    hidden = incident(1, "db", "billing.trust-negative", Status.UNKNOWN)
    found = incident(2, "db", "billing.entry-orphan", Status.WARNING)
    still = replace(found, severity=Status.UNKNOWN)
    assert loose(still, hidden, by_hand=False, looked=True, was_unknown=True) == ""
    assert "finding of its own" in loose(found, hidden, by_hand=False, looked=True, was_unknown=True)
    assert loose(found, hidden, by_hand=True, looked=True, was_unknown=True) == ""
    assert loose(found, hidden, by_hand=False, looked=True) == "", "it was one when a change joined them"
