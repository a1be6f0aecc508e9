"""No second way: doors ask the gate, and only the gate takes an operation's body or writes the record."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

import lexops
from lexops import app
from lexops.errors import StoreError
from lexops.store.database import Store
from lexops.store.event import event_table
from tests.clock import START

ROOT = Path(lexops.__file__).parent
DOORS = ("cli", "tui")


def files(*rooms: str) -> list[Path]:
    return [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]


def calls(path: Path) -> Iterator[tuple[str, int]]:
    """Names of the methods and functions called in a file, with the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            yield name, node.lineno


@pytest.mark.parametrize("path", files(*DOORS), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_screen_and_no_command_opens_a_write_transaction(path: Path) -> None:
    assert [(name, line) for name, line in calls(path) if name == "begin"] == []


@pytest.mark.parametrize("path", files(*DOORS), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_screen_and_no_command_writes_sql(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy")
        for alias in node.names
    }
    assert imported.isdisjoint({"insert", "update", "delete", "text"})


def test_only_the_gate_takes_the_body_of_an_operation_or_a_step() -> None:
    taking = {
        path.relative_to(ROOT).parts[0]
        for path in ROOT.rglob("*.py")
        for name, _ in calls(path)
        if name in ("_body", "_plan") and not path.name == "model.py"
    }
    assert taking == {"gate"}


def test_a_read_transaction_cannot_write(store: Store) -> None:
    row = insert(event_table).values(at=START, kind="x", subject="y", data={})
    with pytest.raises(StoreError, match=r"(?i)read.?only"), store.read() as connection:
        connection.execute(row)
    with store.begin() as connection:
        connection.execute(row)
    with store.read() as connection:
        assert connection.execute(event_table.select()).one().subject == "y"


def test_every_operation_says_who_may_and_what_it_does() -> None:
    for operation in app.operations():
        assert 0 < len(operation.title) <= 32 and not operation.title.endswith("."), operation.name
        assert operation.name.count(".") == 1
        for parameter in operation.parameters:
            assert parameter.help, f"{operation.name} {parameter.name}"
