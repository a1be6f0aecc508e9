"""Other products' answers, to the second: every vector without pauses."""

from __future__ import annotations

import pytest

from lexops.calendars.business import moment
from tests.calendars.vectors import FILES, Vector, at, business_time, vectors


def _all(kind: str) -> list[object]:
    return [pytest.param(file, each, id=name) for file in FILES for name, each in vectors(file, kind)]


@pytest.mark.parametrize(("file", "vector"), _all("due"))
def test_a_due_moment_is_that_of_the_vector(file: str, vector: Vector) -> None:
    budget = vector["seconds"] if "seconds" in vector else vector["minutes"] * 60
    wanted = vector.get("due_end", vector.get("expected_due"))
    found = business_time(file, vector["calendar"]).due(at(vector["start"]), budget)
    assert moment(found) == moment(at(wanted))


@pytest.mark.parametrize(("file", "vector"), _all("elapsed"))
def test_what_has_passed_is_that_of_the_vector(file: str, vector: Vector) -> None:
    found = business_time(file, vector["calendar"]).elapsed(at(vector["start"]), at(vector["end"]))
    if "seconds" in vector:
        assert found == vector["seconds"]
    else:
        assert found // 60 == vector["expected_minutes"]


def test_no_vector_is_left_out_unseen() -> None:
    counts = {file: [len(list(vectors(file, kind))) for kind in ("due", "elapsed")] for file in FILES}
    assert counts == {"edge": [19, 10], "zammad": [40, 9]}
