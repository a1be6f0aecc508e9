"""The same act at every door leaves the same record."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lexops import app
from lexops.audit import log
from lexops.audit.log import Filter
from lexops.auth.identity import Session
from lexops.cli.drawn import draw
from lexops.cli.present_operations import schema
from lexops.cli.program import Program
from lexops.gate import store as requests
from lexops.gate.model import State
from lexops.privacy.store import reveal
from lexops.schedules.fire import fire
from lexops.schedules.model import Missed, Schedule
from lexops.site import Site
from lexops.store.database import Store
from lexops.tui.presenters.forms import asked
from lexops.tui.site_port import SitePort
from tests.gates import World, paint, world
from tests.tui.conftest import desk

NOTE = "the client asked for it"
ARGUMENTS = {"target": "wall", "colour": "blue", "note": NOTE}


def site(world: World) -> Site:
    return Site(world.gate.file, world.clock, world.store, world.gate, Session("sam", "account", "sam's"))


async def by_command(world: World) -> None:
    program = Program(lambda path: site(world), lambda site: 0, lambda *_: None, lambda: [paint])
    words = ["wall", "--colour", "blue", "--note", NOTE]
    draw(paint)(words, obj=program, standalone_mode=False)


async def by_console(world: World) -> None:
    async with desk(SitePort(site(world)), (110, 36), clock=world.clock) as d:
        d.console.operate("wall.paint", {"target": "wall"})
        await d.until(lambda: d.here == "FormScreen" or "wall is" in d.toasts)
        await d.settle()
        await d.press("~blue", "enter", f"~{NOTE}", "enter", "enter")
        await d.until(lambda: "wall is blue" in d.toasts)


async def by_schedule(world: World) -> None:
    every_minute = Schedule(
        "painting", "* * * * *", ZoneInfo("UTC"), "wall.paint", ARGUMENTS, "sam", Missed.ONCE
    )
    for _ in range(2):
        fire(world.store, world.clock, [every_minute], world.gate.on_schedule, world.gate.is_under_way)
        world.clock.advance(seconds=61)


@pytest.mark.parametrize("door", [by_command, by_console, by_schedule], ids=lambda door: door.__name__)
async def test_the_same_act_leaves_the_same_record(
    door: Callable[[World], Awaitable[None]],
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = world(store, tmp_path)
    (tmp_path / "lexops-keys").symlink_to(tmp_path / "keys")
    await door(made)
    with store.read() as connection:
        (request,) = requests.views(connection, made.gate.keyring)
        (entry,) = log.entries(connection, Filter(kind="done"), limit=10)
        sealed = reveal(connection, made.gate.keyring, entry.key)
    assert (request.operation, request.operator, request.environment) == ("wall.paint", "sam", "production")
    assert (request.arguments, request.state, request.answer) == (ARGUMENTS, State.DONE, "wall is blue")
    assert sealed == {"note": NOTE, "operator": "sam", "answer": "wall is blue"}
    assert entry.actor == made.id_of("sam")
    told = {name: entry.data[name] for name in ("operation", "environment", "target", "hash")}
    assert told == {
        "operation": "wall.paint",
        "environment": "production",
        "target": "wall",
        "hash": request.hash,
    }
    assert [kind for kind in made.kinds() if not kind.startswith("schedule.")] == ["painted", "request.done"]


def test_every_operation_of_the_product_is_drawn_at_every_door() -> None:
    for operation in app.operations():
        names = {parameter.name for parameter in operation.parameters}
        assert {parameter.name for parameter in asked(operation, {})} == names
        assert {each.name for each in draw(operation).params} >= names
        assert set(json.loads(json.dumps(schema(operation)))["properties"]) <= names
