"""The gate: arguments checked, one transaction, once per key, every act on the record."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import pytest
from sqlalchemy import select

from lexops.errors import InvalidRequest, NotFound
from lexops.operations import Act, Catalogue, Effect, Gate, Request, operation
from lexops.operations.store import request_table
from lexops.store import event
from lexops.store.database import Store
from tests.clock import ManualClock


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@operation("wall.paint", effect=Effect.CHANGE)
def paint(
    act: Act,
    *,
    wall: Annotated[int, "number of the wall"],
    colour: Annotated[Colour, "which"] = Colour.RED,
    note: Annotated[str | None, "why"] = None,
) -> str:
    """Paint a wall."""
    event.append(act.connection, act.at, "painted", f"{wall} {colour}")
    if note == "fail":
        raise InvalidRequest("the paint is out")
    return f"wall {wall} is {colour}"


@pytest.fixture
def gate(store: Store) -> Gate:
    return Gate(Catalogue([paint]), store, ManualClock())


def request(key: str = "k", **arguments: object) -> Request:
    return Request("wall.paint", arguments, "ana", "test", key)


def kinds(store: Store) -> list[str]:
    with store.read() as connection:
        return [found.kind for found in event.after(connection, 0)]


def test_an_act_and_its_record_are_one(gate: Gate, store: Store) -> None:
    assert gate.run(request(wall="3", colour="blue")) == "wall 3 is blue"
    assert kinds(store) == ["painted", "operation.wall.paint"]
    with store.read() as connection:
        (row,) = connection.execute(select(request_table))
    assert (row.operation, row.operator, row.door, row.answer) == (
        "wall.paint",
        "ana",
        "test",
        "wall 3 is blue",
    )


def test_the_same_key_answers_again_without_acting_again(gate: Gate, store: Store) -> None:
    assert gate.run(request(wall=3)) == gate.run(request(wall=3))
    assert kinds(store).count("painted") == 1


def test_an_act_that_fails_leaves_nothing(gate: Gate, store: Store) -> None:
    with pytest.raises(InvalidRequest, match="paint is out"):
        gate.run(request(wall=3, note="fail"))
    assert kinds(store) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "needs wall: number of the wall"),
        ({"wall": "three"}, "wall: 'three' is no int"),
        ({"wall": 1, "colour": "green"}, "none of red, blue"),
        ({"wall": 1, "door": 2}, "no argument 'door'"),
        ({"wall": 1, "note": "x" * 20_000}, "longer than"),
    ],
)
def test_wrong_arguments_are_refused_by_name(gate: Gate, arguments: dict[str, object], says: str) -> None:
    with pytest.raises(InvalidRequest, match=says):
        gate.run(request(**arguments))


def test_an_unknown_operation_names_the_nearest(gate: Gate) -> None:
    with pytest.raises(NotFound) as refused:
        gate.run(Request("wall.pant", {}, "ana", "test", "k"))
    assert refused.value.hint == "did you mean wall.paint?"


def test_parameters_are_drawn_from_the_declaration() -> None:
    wall, colour, note = paint.parameters
    assert (wall.type, wall.required, wall.help) == (int, True, "number of the wall")
    assert (colour.choices, colour.required) == (("red", "blue"), False)
    assert (note.type, note.default) == (str, None)


def test_an_operation_cannot_be_called_around_the_gate() -> None:
    assert not callable(paint)
