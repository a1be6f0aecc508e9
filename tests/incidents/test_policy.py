"""What a hard change means for an incident, as a table."""

from __future__ import annotations

import pytest

from lexops.checks.model import Status
from lexops.checks.state import HardChange
from lexops.incidents.model import Incident, State
from lexops.incidents.policy import Policy, Step, severity, step
from tests.clock import START

OK, WARNING, CRITICAL, UNKNOWN = Status.OK, Status.WARNING, Status.CRITICAL, Status.UNKNOWN


def change(after: Status) -> HardChange:
    return HardChange("db", "a.b", "Title", None, after, "text", START)


def incident(level: Status) -> Incident:
    return Incident(1, "db/a.b", "Title", level, State.OPEN, "db", "a.b", START, START)


@pytest.mark.parametrize(
    ("after", "open_with", "policy", "expected"),
    [
        pytest.param(CRITICAL, None, Policy(), Step.OPEN, id="a problem opens one"),
        pytest.param(UNKNOWN, None, Policy(), Step.OPEN, id="not being able to see opens one"),
        pytest.param(WARNING, None, Policy(open_on=CRITICAL), Step.NOTHING, id="below the site's bar"),
        pytest.param(CRITICAL, CRITICAL, Policy(), Step.NOTHING, id="the same again is no second one"),
        pytest.param(CRITICAL, WARNING, Policy(), Step.SEVERITY, id="worse"),
        pytest.param(WARNING, CRITICAL, Policy(), Step.SEVERITY, id="better, not well"),
        pytest.param(OK, CRITICAL, Policy(), Step.RESOLVE, id="recovery resolves"),
        pytest.param(
            OK, CRITICAL, Policy(resolve_on_recovery=False), Step.RECOVER, id="unless a person shall"
        ),
        pytest.param(OK, None, Policy(), Step.NOTHING, id="nothing was open"),
    ],
)
def test_the_next_step(after: Status, open_with: Status | None, policy: Policy, expected: Step) -> None:
    assert step(change(after), incident(open_with) if open_with else None, policy) is expected


def test_a_problem_that_can_no_longer_be_seen_keeps_its_severity() -> None:
    assert severity(change(UNKNOWN), incident(CRITICAL)) is CRITICAL
    assert severity(change(WARNING), incident(CRITICAL)) is WARNING
