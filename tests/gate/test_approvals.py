"""Approvals: by somebody else, for exactly what was shown, in time; break-glass is looked at afterwards."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from lexops.auth import store as people
from lexops.auth.model import Key
from lexops.errors import LexOpsError, Refused
from lexops.gate import State
from lexops.gate import store as requests
from lexops.gate.store import request_table
from lexops.gate.watch import watch
from lexops.incidents import store as incidents
from lexops.operations import Role
from tests.gates import World, did


def waiting(world: World, who: str = "ana", **more: object) -> int:
    """The number of a request that waits for approval."""
    world.prove(who)
    answer = world.gate.submit(world.request(who, "wall.rebuild", target="wall", confirmed="wall", **more))
    assert answer.state is State.WAITING
    return answer.request


def grant(world: World, who: str, number: int, **more: object) -> str:
    world.prove(who, "change:production")
    return world.submit(who, "approval.grant", request=number, **more)


def state(world: World, number: int) -> State:
    with world.store.read() as connection:
        return State(requests.numbered(connection, number).state)


def answer(world: World, number: int) -> str:
    with world.store.read() as connection:
        return str(requests.numbered(connection, number).answer)


def test_somebody_else_releases_it_and_a_worker_does_it(world: World) -> None:
    number = waiting(world)
    assert grant(world, "bo", number) == f"request #{number} approved and released"
    assert did(world.folder) == []
    world.work()
    assert did(world.folder) == ["clear", "build"]
    assert state(world, number) is State.DONE
    mine = [kind for kind in world.entries() if not kind.startswith("step-up")]
    assert mine == ["requested", "begun", "done", "begun", "step", "step", "done"]


def test_nobody_approves_their_own_request(world: World) -> None:
    number = waiting(world)
    with pytest.raises(Refused, match="your own"):
        grant(world, "ana", number)
    assert state(world, number) is State.WAITING


def test_nobody_approves_with_the_key_of_who_asked(world: World) -> None:
    number = waiting(world, fingerprint="SHA256:same")
    world.prove("bo", "change:production")
    with pytest.raises(Refused, match="your own"):
        world.submit("bo", "approval.grant", request=number, fingerprint="SHA256:same")


def test_a_key_is_one_persons_only(world: World) -> None:
    key = Key("SHA256:x", "ssh-ed25519 AAAA", "", world.clock.now())
    with world.store.begin() as connection:
        people.add_key(connection, world.gate.keyring, people.get(connection, "ana"), key)
    with world.store.begin() as connection, pytest.raises(Refused, match="ana's already"):
        people.add_key(connection, world.gate.keyring, people.get(connection, "bo"), key)


@pytest.mark.parametrize("who", ["sam", "aud"])
def test_only_administrators_and_managers_approve(world: World, who: str) -> None:
    number = waiting(world)
    with pytest.raises(Refused, match="needs the role"):
        grant(world, who, number)


def test_approving_needs_a_second_factor(world: World) -> None:
    number = waiting(world)
    with pytest.raises(Refused, match="second factor"):
        world.submit("bo", "approval.grant", request=number)


def test_what_was_shown_is_what_is_approved(world: World) -> None:
    number = waiting(world)
    with pytest.raises(Refused, match="not the one you were shown"):
        grant(world, "bo", number, hash="0123456789abcdef")
    with world.store.read() as connection:
        shown = requests.numbered(connection, number).hash
    assert "released" in grant(world, "bo", number, hash=shown[:12])


@pytest.mark.parametrize(
    "edit",
    [
        {"arguments": {"target": "wall", "fail": "build"}},
        {"operation": "wall.tear-down"},
        {"plan": ["tear wall down"]},
        {"operator_id": "op-somebody"},
        {"environment": "demo"},
        {"hash": "f" * 64},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_a_request_edited_after_its_approval_is_void(world: World, edit: dict[str, object]) -> None:
    number = waiting(world)
    grant(world, "bo", number)
    with world.store.begin() as connection:
        connection.execute(update(request_table).where(request_table.c.id == number).values(edit))
    world.work()
    assert did(world.folder) == []
    assert state(world, number) in (State.VOID, State.FAILED)


def test_an_edit_that_also_mends_the_hash_is_found_by_the_record(world: World) -> None:
    from lexops.gate import frozen

    number = waiting(world)
    grant(world, "bo", number)
    with world.store.begin() as connection:
        row = requests.numbered(connection, number)
        forged = {"target": "wall", "fail": "build"}
        hash = frozen.fingerprint(
            operation=row.operation,
            arguments=forged,
            plan=row.plan,
            operator=row.operator_id,
            environment=row.environment,
            key=row.key,
        )
        connection.execute(
            update(request_table).where(request_table.c.id == number).values(arguments=forged, hash=hash)
        )
        connection.execute(text("UPDATE approval SET hash = :h").bindparams(h=hash))
    world.work()
    assert state(world, number) is State.VOID
    assert "not the request that was made" in answer(world, number)


def test_a_plan_that_has_changed_voids_the_approval(world: World) -> None:
    number = waiting(world)
    grant(world, "bo", number)
    (world.folder / "plan.txt").write_text("and lose 12 invoices")
    world.work()
    assert did(world.folder) == []
    assert state(world, number) is State.VOID


def test_rights_are_those_of_the_moment_it_runs(world: World) -> None:
    number = waiting(world)
    grant(world, "bo", number)
    with world.store.begin() as connection:
        people.set_role(connection, world.gate.keyring, people.get(connection, "ana"), Role.SUPPORT)
    world.work()
    assert did(world.folder) == []
    assert state(world, number) is State.VOID
    assert "destroy nothing" in answer(world, number)


def test_a_request_expires(world: World) -> None:
    number = waiting(world)
    world.clock.advance(hours=9)
    with pytest.raises(Refused, match="expired"):
        grant(world, "bo", number)
    watch(world.gate)
    assert state(world, number) is State.EXPIRED


def test_a_refused_request_is_over(world: World) -> None:
    number = waiting(world)
    world.submit("mia", "approval.refuse", request=number, reason="not tonight")
    assert state(world, number) is State.REFUSED
    with pytest.raises(Refused, match="does not wait"):
        grant(world, "bo", number)


def test_of_two_approvers_at_the_same_moment_both_count_once(world: World) -> None:
    number = waiting(world)
    for who in ("bo", "mia"):
        world.prove(who, "change:production")

    def approve(who: str) -> str:
        try:
            return world.submit(who, "approval.grant", request=number)
        except LexOpsError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(approve, ("bo", "mia")))
    assert sorted("and released" in words for words in said) == [False, True]
    assert any("does not wait" in words for words in said)
    world.work()
    assert did(world.folder) == ["clear", "build"]


def test_approving_while_it_is_cancelled_ends_one_way(world: World) -> None:
    number = waiting(world)
    world.prove("bo", "change:production")

    def do(what: tuple[str, str, dict[str, object]]) -> str:
        who, name, arguments = what
        try:
            return world.submit(who, name, request=number, **arguments)
        except LexOpsError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        list(
            pool.map(do, [("bo", "approval.grant", {}), ("ana", "request.cancel", {"reason": "wrong wall"})])
        )
    world.work()
    assert state(world, number) is State.CANCELLED
    assert did(world.folder) == []


def test_break_glass_acts_at_once_alarms_and_is_reviewed_by_somebody_else(world: World) -> None:
    world.prove("ana")
    answer = world.gate.submit(
        world.request("ana", "wall.rebuild", target="wall", confirmed="wall", break_glass="the roof falls")
    )
    assert answer.state is State.RELEASED
    with world.store.read() as connection:
        (alarm,) = incidents.incidents(connection)
    assert "ana broke the glass" in alarm.title
    world.work()
    assert did(world.folder) == ["clear", "build"]
    with pytest.raises(Refused, match="your own"):
        world.submit("ana", "request.review", request=answer.request, finding="fine")
    world.clock.advance(hours=25)
    watch(world.gate)
    with world.store.read() as connection:
        assert len(incidents.incidents(connection)) == 2
    world.submit("mia", "request.review", request=answer.request, finding="it was right")
    with world.store.read() as connection:
        assert requests.needing(connection, world.gate.keyring) == []


def test_break_glass_does_not_lend_a_role_nor_a_second_factor(world: World) -> None:
    with pytest.raises(Refused, match="destroy nothing"):
        world.submit("sam", "wall.rebuild", target="wall", confirmed="wall", break_glass="I must")
    with pytest.raises(Refused, match="second factor"):
        world.submit("ana", "wall.rebuild", target="wall", confirmed="wall", break_glass="I must")


def test_nothing_is_reviewed_that_did_not_need_the_glass_broken(world: World) -> None:
    world.submit("sam", "wall.paint", target="wall", break_glass="why not")
    world.clock.advance(hours=25)
    watch(world.gate)
    with world.store.read() as connection:
        assert requests.needing(connection, world.gate.keyring) == []


def test_a_schedule_destroys_nothing_without_somebodys_approval(world: World) -> None:
    answer = world.gate.submit(world.request("ana", "wall.rebuild", target="wall", door="schedule"))
    assert answer.state is State.WAITING


def test_what_waits_is_shown_with_its_sealed_arguments_opened(world: World) -> None:
    number = waiting(world)
    with world.store.read() as connection:
        (view,) = requests.needing(connection, world.gate.keyring)
    assert (view.id, view.missing, view.arguments) == (number, 1, {"target": "wall"})
    assert view.expires == view.at + timedelta(hours=8)
