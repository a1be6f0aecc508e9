"""The command line in this process, on a real gate with several people."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer

from lexops.cli.drawn import Area
from lexops.cli.main import cli
from lexops.cli.program import Program, narrate
from lexops.errors import LexOpsError
from lexops.operations import Operation
from lexops.site import Site
from tests.gates import World, session, world
from tests.stores import sqlite_store

walls = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
walls.add_typer(typer.Typer(cls=Area), name="wall")
walls.add_typer(typer.Typer(cls=Area), name="toy")


@dataclass
class Said:
    """What came of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def ran(
    capsys: pytest.CaptureFixture[str], program: Program, commands: Callable[..., int | None], *words: str
) -> Said:
    """Run a command in this process, as the command line runs it."""
    capsys.readouterr()
    try:
        code = commands(list(words), obj=program, standalone_mode=False) or 0
    except LexOpsError as error:
        narrate(f"error: {error}")
        narrate(f"hint: {error.hint}")
        code = int(error.exit)
    except typer.TyperException as error:
        narrate(f"error: {error.format_message()}")
        code = 2
    out, err = capsys.readouterr()
    return Said(code, out, err)


@dataclass
class Desk:
    """Somebody's commands."""

    world: World
    capsys: pytest.CaptureFixture[str]

    def site(self, who: str) -> Site:
        gate = self.world.gate
        return Site(gate.file, self.world.clock, self.world.store, gate, session(who))

    def run(self, who: str, *words: str) -> Said:
        """A command as this person gives it, with nobody at the terminal."""
        operations = list(self.world.gate.catalogue)
        program = Program(lambda _: self.site(who), lambda _: 0, lambda *_: None, lambda: operations)
        commands = walls if words[0] in ("wall", "toy") else cli
        return ran(self.capsys, program, commands, *words)

    def dump(self) -> str:
        """Everything in the store."""
        with self.world.store.read() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            return "\n".join(raw.iterdump())


def desk(
    folder: Path, capsys: pytest.CaptureFixture[str], *operations: Operation, **more: Any
) -> Iterator[Desk]:
    """A desk over a store of its own; the operations stand in for those of tests.gates."""
    store = sqlite_store(folder)
    chosen = {"operations": operations} if operations else {}
    yield Desk(world(store, folder, **chosen, **more), capsys)
    store.close()
