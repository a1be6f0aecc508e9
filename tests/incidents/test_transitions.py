"""Every act in every state: the whole table, and that the store keeps to it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from sqlalchemy import Connection

from lexops.checks.model import Status
from lexops.errors import Refused
from lexops.incidents import groups, joining
from lexops.incidents import store as incidents
from lexops.incidents.model import State
from lexops.incidents.transitions import TABLE, Act, after
from lexops.store.database import Store
from tests.clock import START

EXPECTED: dict[Act, str] = {
    # taken, and where it differs only given, and nobody's; - is a refusal
    Act.ACKNOWLEDGE: "AAW--",
    Act.ASSIGN: "OOW--",
    Act.RELEASE: "OOW-- OOW-- -O---",
    Act.WORSEN: "OOO--",
    Act.CLASSIFY: "OAW--",
    Act.PAUSE: "WW---",
    Act.RESUME: "--A-- --O--",
    Act.MITIGATE: "OAW--",
    Act.RESOLVE: "RRR--",
    Act.CANCEL: "CCC--",
    Act.REOPEN: "---A- ---O-",
    Act.GROUP: "OAW--",
    Act.UNGROUP: "OAWRC",
    Act.TAKE_IN: "OAWR-",
    Act.SPLIT: "OAWRC",
    Act.NOTE: "OAWRC",
}
STATES = dict(zip("OAWRC", State, strict=True))


HAD = ("taken", "given", "nobody's")


def wanted(act: Act, state: State, had: str) -> State | None:
    columns = EXPECTED[act].split()
    letter = columns[min(HAD.index(had), len(columns) - 1)][list(State).index(state)]
    return STATES.get(letter)


@pytest.mark.parametrize("act", Act)
def test_every_act_in_every_state_leads_where_the_table_says_or_is_refused_in_words(act: Act) -> None:
    assert set(TABLE[act]) == set(State)
    for state, had in product(State, HAD):
        found = after(act, state, owned=had != "nobody's", taken=had == "taken")
        expected = wanted(act, state, had)
        if expected is None:
            assert not isinstance(found, State) and found.startswith("is "), (state, had)
        else:
            assert found is expected, (state, had)


def test_nothing_leads_out_of_a_cancelled_incident() -> None:
    for act in Act:
        found = after(act, State.CANCELLED, owned=True, taken=True)
        assert found is State.CANCELLED or not isinstance(found, State)


def _put(connection: Connection, state: State, had: str = "nobody's") -> int:
    """An incident in a state, which somebody has taken, was only given, or nobody has."""
    key = f"{state}{had}{len(incidents.incidents(connection, include_resolved=True))}"
    id = incidents.open_by_hand(connection, key, "t", Status.WARNING, START, "ana", None)
    if had == "taken":
        incidents.acknowledge(connection, id, START, "ana")
    elif had == "given":
        incidents.assign(connection, id, START, "bo", "ana")
    over = state in (State.RESOLVED, State.CANCELLED)
    gone = {"resolved": START, "open_as": None} if over else {}
    incidents.change(connection, id, START, state=state.value, **gone)
    return id


DO: dict[Act, Callable[[Connection, int], object]] = {
    Act.ACKNOWLEDGE: lambda c, n: incidents.acknowledge(c, n, START, "ana"),
    Act.ASSIGN: lambda c, n: incidents.assign(c, n, START, "bo", "mia"),
    Act.RELEASE: lambda c, n: incidents.release(c, n, START, "ana", "no time"),
    Act.WORSEN: lambda c, n: incidents.worsened(c, n, START, "lexops", "worse"),
    Act.CLASSIFY: lambda c, n: incidents.classify(c, n, START, "ana", {"queue": "portal"}, ""),
    Act.PAUSE: lambda c, n: incidents.pause(c, n, START, "ana", "log", START),
    Act.RESUME: lambda c, n: incidents.resume(c, n, START, "ana", "came", START),
    Act.MITIGATE: lambda c, n: incidents.mitigate(c, n, START, "ana", "restarted", START),
    Act.RESOLVE: lambda c, n: incidents.resolve(c, n, START, "ana", "done"),
    Act.CANCEL: lambda c, n: incidents.cancel(c, n, START, "ana", "none"),
    Act.REOPEN: lambda c, n: incidents.reopen(c, n, START, "ana", "again"),
    Act.GROUP: lambda c, n: groups.group(c, n, _put(c, State.OPEN), START, "ana", ""),
    Act.UNGROUP: lambda c, n: (
        incidents.change(c, n, START, parent=_put(c, State.OPEN)),
        groups.ungroup(c, n, START, "ana", ""),
    ),
    Act.TAKE_IN: lambda c, n: joining.duplicate(c, _put(c, State.OPEN), n, START, "ana", ""),
    Act.SPLIT: lambda c, n: joining.split(c, n, f"key{n}", "part", START, "ana"),
    Act.NOTE: lambda c, n: incidents.note(c, n, START, "ana", "hello"),
}


def test_the_store_keeps_to_the_table(quick: Store) -> None:
    with quick.begin() as connection:
        for act, state, had in product(Act, State, HAD):
            id = _put(connection, state, had)
            expected = wanted(act, state, had)
            if expected is None:
                with pytest.raises(Refused, match=f"incident #{id} is "):
                    DO[act](connection, id)
            else:
                DO[act](connection, id)
            assert incidents.get(connection, id).state is (expected or state), (act, state, had)
