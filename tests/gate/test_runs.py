"""Released requests: step by step, each finished one for good, whatever is killed when."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest

from lexops.errors import Refused
from lexops.gate import State
from lexops.gate import store as requests
from lexops.gate.operations import OPERATIONS as REQUESTS
from lexops.operations import Act, Catalogue, Doing, Effect, Interrupted, Operation, Role, operation, step
from lexops.store.database import Store
from tests.gates import World, did, paint, rebuild, tear_down
from tests.gates import world as make


def released(world: World, **arguments: object) -> int:
    """A request that nobody has to approve, with the worker."""
    world.prove("ana")
    answer = world.gate.submit(
        world.request("ana", "wall.rebuild", target="wall", confirmed="wall", break_glass="now", **arguments)
    )
    assert answer.state is State.RELEASED
    return answer.request


def approved(world: World, name: str) -> int:
    """A request that somebody else has approved, with the worker."""
    world.prove("ana")
    answer = world.gate.submit(world.request("ana", name, target="wall", confirmed="wall"))
    world.prove("bo", "change:production")
    world.submit("bo", "approval.grant", request=answer.request)
    assert state(world, answer.request) is State.RELEASED
    return answer.request


def said(world: World, number: int) -> str:
    with world.store.read() as connection:
        return str(requests.numbered(connection, number).answer)


def key_of(world: World, number: int) -> str:
    with world.store.read() as connection:
        return str(requests.numbered(connection, number).key)


def state(world: World, number: int) -> State:
    with world.store.read() as connection:
        return State(requests.numbered(connection, number).state)


def steps(world: World, number: int) -> list[str]:
    with world.store.read() as connection:
        return [step.state for step in requests.steps(connection, number)]


def test_a_finished_step_is_not_run_again(world: World) -> None:
    number = released(world)
    key = key_of(world, number)
    world.runs.taken(key, 1, "w")
    for _ in range(3):
        world.runs.intend(key, 0, "boot")
        assert world.runs.perform(key, 0, interrupted=False)
    assert did(world.folder) == ["clear"]


def test_what_was_cut_off_is_looked_at(world: World) -> None:
    number = released(world)
    key = key_of(world, number)
    world.runs.taken(key, 1, "w")
    assert world.runs.perform(key, 0, interrupted=False)
    (world.folder / "journal.txt").write_text("clear\nbuild\n")  # done, and killed before it was recorded
    assert world.runs.perform(key, 1, interrupted=True)
    assert did(world.folder) == ["clear", "build"]
    world.runs.finish(key)
    world.runs.finish(key)
    assert state(world, number) is State.DONE
    assert world.kinds().count("rebuilt") == 1
    assert world.entries().count("done") == 1


def test_what_cannot_be_known_is_left_to_a_person(world: World) -> None:
    number = released(world, fail="ask")
    key = key_of(world, number)
    world.runs.taken(key, 1, "w")
    world.runs.perform(key, 0, interrupted=False)
    assert not world.runs.perform(key, 1, interrupted=True)
    assert (state(world, number), did(world.folder)) == (State.INTERRUPTED, ["clear"])
    assert world.runs.released() == []
    world.prove("ana", "change:production")
    world.submit("ana", "request.resume", request=number, step="rerun")
    (job,) = world.runs.released()
    assert (job.attempt, job.first, job.steps, job.lane) == (2, 1, 2, "wall")
    world.work()
    assert (state(world, number), did(world.folder)) == (State.DONE, ["clear", "build"])


def test_a_person_may_say_that_it_is_done(world: World) -> None:
    number = released(world, fail="ask")
    key = key_of(world, number)
    world.runs.taken(key, 1, "w")
    world.runs.perform(key, 0, interrupted=False)
    world.runs.perform(key, 1, interrupted=True)
    world.prove("ana", "change:production")
    world.submit("ana", "request.resume", request=number, step="done")
    world.work()
    assert (state(world, number), did(world.folder)) == (State.DONE, ["clear"])


def test_a_failed_step_is_resumed_where_it_failed(world: World) -> None:
    number = released(world, fail="build")
    world.work()
    assert (state(world, number), steps(world, number)) == (State.FAILED, ["done", "failed"])
    with world.store.read() as connection:
        assert requests.numbered(connection, number).answer == "could not build"
    world.prove("ana", "change:production")
    world.submit("ana", "request.resume", request=number)
    world.work()
    assert did(world.folder) == ["clear"]  # it fails again, and what was done is not done again
    assert world.entries().count("failed") == 2


@pytest.mark.parametrize(("wish", "becomes"), [("pause", State.PAUSED), ("cancel", State.CANCELLED)])
def test_a_running_request_stops_before_its_next_step(world: World, wish: str, becomes: State) -> None:
    number = released(world)
    key = key_of(world, number)
    world.runs.taken(key, 1, "w")
    world.runs.perform(key, 0, interrupted=False)
    arguments = {"reason": "enough"} if wish == "cancel" else {}
    world.submit("ana", f"request.{wish}", request=number, **arguments)
    assert not world.runs.perform(key, 1, interrupted=False)
    assert (state(world, number), did(world.folder)) == (becomes, ["clear"])
    if becomes is State.PAUSED:
        world.prove("ana", "change:production")
        world.submit("ana", "request.resume", request=number)
        world.work()
        assert did(world.folder) == ["clear", "build"]


def test_others_do_not_stop_it_but_administrators_do(world: World) -> None:
    number = released(world)
    with pytest.raises(Refused, match="ana's"):
        world.submit("sam", "request.cancel", request=number, reason="I think so")
    world.submit("bo", "request.cancel", request=number, reason="stop")
    assert state(world, number) is State.CANCELLED


def test_a_weighty_act_is_sealed_before_it_happens(world: World) -> None:
    from lexops.audit import store as record

    number = released(world)
    key = key_of(world, number)
    world.runs.taken(key, 1, "w")
    world.runs.perform(key, 0, interrupted=False)
    with world.store.read() as connection:
        entry = record.entry_by_key(connection, f"{key}:begun")
    assert entry is not None and entry.index is not None


def test_without_a_seal_nothing_weighty_happens(world: World) -> None:
    world.gate.sealer.seal()
    number = released(world)
    for path in (world.folder / "keys").glob("epoch-*.key"):
        path.unlink()
    world.work()
    assert did(world.folder) == []
    assert state(world, number) is State.FAILED


def test_without_a_seal_an_approved_act_without_steps_fails_and_does_not_hang(world: World) -> None:
    world.gate.sealer.seal()
    number = approved(world, "wall.tear-down")
    for path in (world.folder / "keys").glob("epoch-*.key"):
        path.unlink()
    world.work()
    assert state(world, number) is State.FAILED and "nothing was done" in said(world, number)
    assert "torn-down" not in world.kinds() and world.entries()[-1] == "failed"


@pytest.mark.parametrize("kept", ["wall.tear-down", "wall.rebuild"])
def test_a_request_whose_operation_is_gone_fails_and_does_not_hang(world: World, kept: str) -> None:
    number = approved(world, kept)
    others = [each for each in (paint, tear_down, rebuild) if each.name != kept]
    world.gate.catalogue = Catalogue([*others, *REQUESTS])
    world.work()
    assert state(world, number) is State.FAILED and kept in said(world, number)
    assert world.entries()[-1] == "failed"


@step(interrupted=Interrupted.RERUN)
def _look_at_it(doing: Doing, *, target: str) -> str:
    """Look at it"""
    return "seen"


def _faulty(name: str, *steps: object) -> Operation:
    @operation(name, role=Role.ADMINISTRATOR, effect=Effect.DESTROY, steps=steps)  # type: ignore[arg-type]
    def fall(act: Act, *, target: Annotated[str, "name of the wall"]) -> str:
        """Let a wall fall."""
        raise ZeroDivisionError("a client's name")

    return fall


@pytest.mark.parametrize("name", ["wall.fall", "wall.fall-slowly"])
def test_a_fault_at_the_end_of_a_request_is_a_failure_with_a_reference(
    store: Store, tmp_path: Path, name: str
) -> None:
    operations = (_faulty("wall.fall"), _faulty("wall.fall-slowly", _look_at_it))
    world = make(store, tmp_path, operations=operations)
    number = approved(world, name)
    world.work()
    assert state(world, number) is State.FAILED
    assert "failed unexpectedly (reference" in said(world, number)
    assert "client" not in said(world, number)


def test_an_approved_act_without_steps_is_cancelled_on_the_record_and_never_paused(world: World) -> None:
    number = approved(world, "wall.tear-down")
    with pytest.raises(Refused, match="no steps to pause between"):
        world.submit("ana", "request.pause", request=number)
    key = key_of(world, number)
    world.runs.taken(key, 1, "w")
    world.submit("ana", "request.cancel", request=number, reason="enough")
    world.runs.finish(key)
    assert state(world, number) is State.CANCELLED
    assert world.entries()[-1] == "cancelled" and "torn-down" not in world.kinds()


def test_how_far_a_step_is_can_be_seen(world: World) -> None:
    number = released(world)
    world.work()
    with world.store.read() as connection:
        view = requests.view(connection, world.gate.keyring, requests.numbered(connection, number))
    assert [(step.name, step.state, step.said) for step in view.steps] == [
        ("clear", "done", "clear is done"),
        ("build", "done", "build is done"),
    ]
    assert view.answer == "wall is new"
