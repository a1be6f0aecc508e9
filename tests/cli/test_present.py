"""Whatever a check or a ticket says, the command line prints nothing a terminal acts on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lexops.checks.model import Area, Status
from lexops.checks.view import CheckRow, Flag, Fleet
from lexops.cli import present, present_incidents
from lexops.cli.program import table
from lexops.errors import Exit
from lexops.incidents.model import Incident, State
from lexops.targets.model import Kind
from tests.clock import START

hostile = st.text(max_size=200) | st.sampled_from(
    ["[@click=app.quit()]x[/", "\x1b]0;evil\x07", "\u202egnp.exe", "\ud800", "a\nb\rc\td", "x" * 100_000]
)
rows = st.builds(
    CheckRow,
    target=hostile,
    kind=st.sampled_from(Kind),
    environment=hostile,
    check=hostile,
    title=hostile,
    area=st.sampled_from(Area),
    status=st.none() | st.sampled_from(Status),
    summary=hostile,
    flags=st.frozensets(st.sampled_from(Flag)),
    since=st.none() | st.just(START),
    incident=st.none() | st.integers(1),
)
incidents = st.builds(
    Incident,
    id=st.integers(1),
    fingerprint=hostile,
    title=hostile,
    severity=st.sampled_from(Status),
    state=st.sampled_from(State),
    target=st.none() | hostile,
    check=st.none() | hostile,
    opened=st.just(START),
    changed=st.just(START),
    owner=st.none() | hostile,
)


def harmless(line: str) -> bool:
    return all(ord(char) >= 0x20 or char == "\t" for char in line) and not set(line) & set(
        "\x7f\x9b\u202e\ud800"
    )


@given(st.lists(rows, min_size=1, max_size=5))
def test_lists_of_checks_are_harmless_lines(found: list[CheckRow]) -> None:
    lines = table(present.problem_row(row, START) for row in found)
    assert len(lines) == len(found)
    assert all(map(harmless, lines))


@given(st.lists(incidents, min_size=1, max_size=5))
def test_lists_of_incidents_are_harmless_lines(found: list[Incident]) -> None:
    assert all(map(harmless, table(present_incidents.incident_row(incident, START) for incident in found)))


@given(st.lists(rows, max_size=20))
def test_the_exit_code_never_hides_a_problem(found: list[CheckRow]) -> None:
    statuses = {row.status for row in found}
    code = present.exit_code(found)
    assert (code is Exit.PROBLEMS) == bool(statuses & {Status.CRITICAL, Status.WARNING})
    assert (code is Exit.OK) == statuses.isdisjoint({Status.CRITICAL, Status.WARNING, Status.UNKNOWN})


@given(st.lists(rows, max_size=20))
def test_every_check_is_counted_once(found: list[CheckRow]) -> None:
    said = present.counts(Fleet(START, tuple(found)))
    numbers = [int(part.split()[0].replace(",", "")) for part in said.partition(";")[0].split(", ")]
    assert sum(numbers) == len(found)
