"""The gate: arguments checked, one transaction, once per key, every act on the record."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import pytest
from sqlalchemy import text

from lexops.auth import store as people
from lexops.errors import InvalidRequest, NotFound, Refused
from lexops.gate import ConfirmationNeeded, SecondFactorNeeded, State
from lexops.operations import Act, Effect, Privacy, Role, operation, step
from lexops.operations.model import Interrupted
from tests.gates import World, did, paint


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@operation("roof.paint", role=Role.SUPPORT, effect=Effect.CHANGE)
def paint_roof(
    act: Act,
    *,
    roof: Annotated[int, "number of the roof"],
    colour: Annotated[Colour, "which"] = Colour.RED,
    note: Annotated[str | None, "why"] = None,
) -> str:
    """Paint a roof."""
    return f"roof {roof} is {colour}"


def test_an_act_and_its_record_are_one(world: World) -> None:
    assert world.submit("sam", "wall.paint", target="wall", colour="blue") == "wall is blue"
    assert world.kinds() == ["painted", "request.done"]
    assert world.entries() == ["done"]


def test_the_same_key_answers_again_without_acting_again(world: World) -> None:
    first = world.submit("sam", "wall.paint", target="wall", key="k")
    assert world.submit("sam", "wall.paint", target="wall", key="k") == first
    assert world.kinds().count("painted") == 1
    assert world.entries() == ["done"]


def test_a_key_is_not_taken_for_another_act(world: World) -> None:
    world.submit("sam", "wall.paint", target="wall", key="k")
    with pytest.raises(Refused, match="belongs to another request"):
        world.submit("bo", "wall.paint", target="wall", key="k")


def test_an_act_that_fails_leaves_nothing(world: World) -> None:
    with pytest.raises(InvalidRequest, match="paint is out"):
        world.submit("sam", "wall.paint", target="wall", note="fail")
    assert (world.kinds(), world.entries()) == ([], [])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "needs roof: number of the roof"),
        ({"roof": "three"}, "roof: 'three' is no int"),
        ({"roof": 1, "colour": "green"}, "none of red, blue"),
        ({"roof": 1, "door_": 2}, "no argument 'door_'"),
        ({"roof": 1, "note": "x" * 20_000}, "longer than"),
        ({"roof": 10**20}, "roof: too large a number"),
        ({"roof": -(2**63) - 1}, "roof: too large a number"),
        ({"roof": float("inf")}, "roof: inf is no int"),
        ({"roof": "   "}, "needs roof"),
        ({"roof": 1, "colour": ""}, "colour: it is empty"),
        ({"roof": 1, "note": "  "}, "note: it is empty"),
        ({"roof": 1, "note": "caf\udce9"}, "note: it holds what is no text"),
        ({"roof": 1, "note": "a\0b"}, "note: it holds what is no text"),
    ],
)
def test_wrong_arguments_are_refused_by_name(world: World, arguments: dict[str, object], says: str) -> None:
    world.gate.catalogue._by_name["roof.paint"] = paint_roof
    with pytest.raises(InvalidRequest, match=says):
        world.submit("sam", "roof.paint", **arguments)


def test_an_unknown_operation_names_the_nearest(world: World) -> None:
    with pytest.raises(NotFound) as refused:
        world.submit("sam", "wall.pant")
    assert refused.value.hint == "did you mean wall.paint?"


def test_parameters_are_drawn_from_the_declaration() -> None:
    roof, colour, note = paint_roof.parameters
    assert (roof.type, roof.required, roof.help) == (int, True, "number of the roof")
    assert (colour.choices, colour.required) == (("red", "blue"), False)
    assert (note.type, note.default, note.privacy) == (str, None, Privacy.OPEN)
    assert paint.parameters[2].privacy is Privacy.PERSONAL


def test_an_operation_cannot_be_called_around_the_gate() -> None:
    assert not callable(paint)


def test_an_operation_with_steps_takes_no_secret() -> None:
    @step(interrupted=Interrupted.RERUN)
    def nothing(doing: object, *, word: str) -> str:
        return ""

    with pytest.raises(TypeError, match="secrets are never kept"):

        @operation("x.y", role=None, effect=Effect.CHANGE, steps=(nothing,))
        def act(act: Act, *, word: Annotated[str, "", Privacy.SECRET]) -> str:
            """Do."""
            return ""


def test_a_stranger_is_refused_and_that_is_recorded(world: World) -> None:
    with pytest.raises(Refused, match="eve is no active operator"):
        world.submit("eve", "wall.paint", target="wall")
    assert world.entries() == ["refused"]
    assert "painted" not in world.kinds()


def test_an_operator_whose_time_is_over_is_refused(world: World) -> None:
    with world.store.begin() as connection:
        now = world.clock.now()
        people.add(connection, world.gate.keyring, "tom", Role.SUPPORT, now, now + timedelta(days=1))
    assert world.submit("tom", "wall.paint", target="wall") == "wall is red"
    world.clock.advance(days=1)
    with pytest.raises(Refused, match="no active operator"):
        world.submit("tom", "wall.paint", target="wall")


def test_a_destructive_act_needs_a_second_factor_then_a_word_then_others(world: World) -> None:
    with pytest.raises(SecondFactorNeeded) as proof:
        world.submit("ana", "wall.rebuild", target="wall")
    assert proof.value.preview.scope == "destroy:production"
    world.prove("ana")
    with pytest.raises(ConfirmationNeeded) as wanted:
        world.submit("ana", "wall.rebuild", target="wall", confirmed="yes")
    assert wanted.value.preview.word == "wall"
    assert wanted.value.preview.plan == ("tear wall down", "build it again")
    answer = world.gate.submit(world.request("ana", "wall.rebuild", target="wall", confirmed="wall"))
    assert answer.state is State.WAITING
    world.work()
    assert did(world.folder) == []


def test_a_second_factor_counts_for_its_minutes_scope_and_session_only(world: World) -> None:
    world.prove("ana", "change:production")
    with pytest.raises(SecondFactorNeeded):
        world.submit("ana", "wall.rebuild", target="wall")
    world.prove("ana")
    with pytest.raises(SecondFactorNeeded):
        world.submit("ana", "wall.rebuild", target="wall", session="another")
    with pytest.raises(ConfirmationNeeded):
        world.submit("ana", "wall.rebuild", target="wall")
    world.clock.advance(minutes=6)
    with pytest.raises(SecondFactorNeeded):
        world.submit("ana", "wall.rebuild", target="wall")


def test_personal_arguments_are_nowhere_in_clear(world: World) -> None:
    world.submit("sam", "wall.paint", target="wall", note="the client is Mrs Canary")
    with world.store.read() as connection:
        for table in ("request", "audit_entry", "sealed_value", "event"):
            rows = [tuple(row) for row in connection.execute(text(f"SELECT * FROM {table}"))]
            assert "Canary" not in repr(rows)
            assert b"Canary".hex() not in repr(rows)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE operator SET role = 'administrator' WHERE name = 'sam'",
        "UPDATE operator SET role = 'administrator', voucher ="
        " (SELECT voucher FROM operator WHERE name = 'ana') WHERE name = 'sam'",
        "INSERT INTO operator_key (operator, fingerprint, line, comment, added)"
        " SELECT id, 'SHA256:evil', 'ssh-ed25519 AAAA', '', 0 FROM operator WHERE name = 'sam'",
    ],
    ids=["role", "role with another's voucher", "key"],
)
def test_an_operator_changed_in_the_database_is_refused(world: World, statement: str) -> None:
    with world.store.begin() as connection:
        connection.execute(text(statement))
    with pytest.raises(Refused, match="was not made an operator by LexOps"):
        world.submit("sam", "wall.paint", target="wall")
