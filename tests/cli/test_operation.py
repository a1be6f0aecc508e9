"""Operations as declared: listed, shown, as JSON Schema, as a page of the documentation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lexops import app
from lexops.cli import present_operations as present
from lexops.operations import Catalogue, Operation
from lexops.operations.arguments import validated
from tests.cli.commands import lexops
from tests.sites import write_site

OPERATIONS = app.operations()
PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


def test_the_page_of_operations_is_the_one_that_is_generated() -> None:
    assert PAGE.read_text(encoding="utf-8") == present.markdown(Catalogue(OPERATIONS)), (
        "write it anew: lexops operation list --format markdown > docs/operations.md"
    )


def test_the_list_has_every_operation_with_role_effect_and_parameters(tmp_path: Path) -> None:
    write_site(tmp_path)
    document = json.loads(lexops(tmp_path, "operation", "list", "--json").stdout)
    found = {each["operation"]: each for each in document["operations"]}
    assert set(found) == {each.name for each in OPERATIONS}
    for operation in OPERATIONS:
        shown = found[operation.name]
        assert shown["role"] == (operation.role.value if operation.role else None)
        assert (shown["effect"], shown["critical"]) == (operation.effect.value, operation.critical)
        assert [p["name"] for p in shown["parameters"]] == [p.name for p in operation.parameters]
        assert [p["privacy"] for p in shown["parameters"]] == [p.privacy for p in operation.parameters]
        assert len(shown["steps"]) == len(operation.steps)
    text = lexops(tmp_path, "operation", "list").stdout
    assert len(text.splitlines()) == len(OPERATIONS)


def test_an_operation_is_shown_with_its_steps(tmp_path: Path) -> None:
    write_site(tmp_path)
    shown = lexops(tmp_path, "operation", "show", "demo.rebuild").stdout
    assert "step 2" in shown and "destroy" in shown and "one of small, medium, large" in shown
    unknown = lexops(tmp_path, "operation", "show", "demo.rebuilt")
    assert (unknown.returncode, "did you mean demo.rebuild?" in unknown.stderr) == (2, True)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_what_fits_the_schema_fits_the_gate(operation: Operation) -> None:
    schema = present.schema(operation)
    json.dumps(schema)
    assert set(schema["properties"]) == {each.name for each in operation.parameters}
    samples = {"string": "x", "integer": 1, "number": 1.5, "boolean": True}
    given = {
        name: schema["properties"][name].get("enum", [samples[schema["properties"][name]["type"]]])[0]
        for name in schema["required"]
    }
    checked = validated(operation, given)
    for name, value in given.items():
        assert checked[name] == value
    for name, shown in schema["properties"].items():
        if "default" in shown:
            assert checked[name] == shown["default"] or name in given
