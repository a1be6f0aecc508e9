"""Every operation is a command, drawn from its declaration and from nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pytest

from lexops import app
from lexops.cli.drawn import draw, example, path
from lexops.cli.main import cli
from lexops.cli.program import Program
from lexops.operations import Act, Effect, Operation, Privacy, operation
from tests.cli.desk import Desk, desk

OPERATIONS = app.operations()


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@operation("toy.make", role=None, effect=Effect.CHANGE)
def make(
    act: Act,
    *,
    name: Annotated[str, "what it is called"],
    colour: Annotated[Colour, "which colour"],
    count: Annotated[int, "how many"] = 1,
    painted: Annotated[bool, "whether it is painted"] = False,
    key: Annotated[str | None, "the key that winds it"] = None,
    second_colour: Annotated[Colour | None, "another one"] = None,
) -> str:
    """Make a toy."""
    return f"{name} {colour!r} {count!r} {painted!r} {key!r} {second_colour!r}"


@operation("toy.lock", role=None, effect=Effect.CHANGE)
def lock(
    act: Act,
    *,
    name: Annotated[str, "which toy"],
    pin: Annotated[str, "the number that opens it", Privacy.SECRET],
    spare: Annotated[str | None, "another number", Privacy.SECRET] = None,
) -> str:
    """Lock a toy."""
    return f"{name} is locked with {len(pin)} signs{' and a spare' if spare else ''}"


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    yield from desk(tmp_path, capsys, make, lock)


def help_of(operation: Operation, capsys: pytest.CaptureFixture[str]) -> str:
    program = Program(app.open_site, app.open_console, app.work, app.operations)
    code = cli([*path(operation), "--help"], obj=program, standalone_mode=False)
    assert not code
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_every_operation_is_a_command_with_help_and_an_example(
    operation: Operation, capsys: pytest.CaptureFixture[str]
) -> None:
    said = help_of(operation, capsys)
    assert "Example" in said and "--site" in said


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_a_drawn_command_shows_every_parameter_as_declared(operation: Operation) -> None:
    drawn = {each.name: each for each in draw(operation).params}
    for parameter in operation.parameters:
        shown = drawn[parameter.name]
        secret = parameter.privacy is Privacy.SECRET
        positional = parameter.required and not secret and parameter.type is not bool
        assert (shown.param_type_name == "argument") == positional
        assert shown.required == positional or parameter.type is bool
        if not positional:
            name = parameter.name.replace("_", "-")
            assert f"--{name}{'-file' if secret else ''}" in shown.opts
        assert parameter.help[1:] in shown.help
    shared = {name.removeprefix("lexops_") for name in drawn if name.startswith("lexops_")}
    assert {"site", "json", "plan", "key"} <= shared
    assert ("confirm" in shared) == (operation.effect is Effect.DESTROY)
    assert ("wait" in shared) == operation.reaches_target
    options = [option for each in drawn.values() for option in each.opts if each.param_type_name == "option"]
    assert len(options) == len(set(options))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_required_parameters_keep_their_order(operation: Operation) -> None:
    positional = [each.name for each in draw(operation).params if each.param_type_name == "argument"]
    declared = [
        p.name
        for p in operation.parameters
        if p.required and p.privacy is not Privacy.SECRET and p.type is not bool
    ]
    assert positional == declared
    assert example(operation).startswith(f"lexops {' '.join(path(operation))}")


def test_arguments_arrive_with_their_types(at: Desk) -> None:
    said = at.run("sam", "toy", "make", "bear", "red", "--count", "3", "--painted", "--key", "small")
    assert said.out == "bear <Colour.RED: 'red'> 3 True 'small' None\n"
    said = at.run("sam", "toy", "make", "bear", "blue", "--second-colour", "red", "--no-painted")
    assert said.out == "bear <Colour.BLUE: 'blue'> 1 False None <Colour.RED: 'red'>\n"


@pytest.mark.parametrize(
    "words",
    [
        ["toy", "make", "bear"],
        ["toy", "make", "bear", "green"],
        ["toy", "make", "bear", "red", "--count", "many"],
        ["toy", "make", "bear", "red", "--colour-of-eyes", "brown"],
        ["toy", "fly"],
    ],
)
def test_what_does_not_fit_the_declaration_is_a_usage_error(at: Desk, words: list[str]) -> None:
    before = at.dump()
    assert at.run("sam", *words).code == 2
    assert at.dump() == before


def test_the_same_request_key_acts_once(at: Desk) -> None:
    words = ["toy", "make", "bear", "red", "--key", "small", "--request-key", "k1"]
    assert at.run("sam", *words).code == at.run("sam", *words).code == 0
    assert at.world.entries() == ["done"]


def test_a_secret_is_read_from_its_file_and_never_from_the_command_line(at: Desk, tmp_path: Path) -> None:
    pin = tmp_path / "pin"
    pin.write_text("four seven eleven\n")
    said = at.run("sam", "toy", "lock", "box", "--pin-file", str(pin))
    assert said.out == "box is locked with 17 signs\n"
    assert "seven eleven" not in at.dump()
    assert at.run("sam", "toy", "lock", "box", "4711").code == 2
    assert at.run("sam", "toy", "lock", "box", "--pin", "4711").code == 2
    gone = at.run("sam", "toy", "lock", "box", "--pin-file", str(tmp_path / "gone"))
    assert (gone.code, "gone cannot be read" in gone.err) == (2, True)
    nobody = at.run("sam", "toy", "lock", "box")
    assert (nobody.code, "--pin-file" in nobody.err) == (2, True)


def test_the_catalogue_is_only_asked_for_when_a_drawn_command_is_wanted(at: Desk) -> None:
    asked = []
    program = Program(lambda _: at.site("sam"), lambda _: 0, lambda *_: None, lambda: asked.append(1) or [])
    for words in (["--help"], ["incident", "list"], ["status"], ["request", "list"]):
        cli(words, obj=program, standalone_mode=False)
        assert not asked, words
    cli(["incident", "--help"], obj=program, standalone_mode=False)
    assert asked


def test_the_example_of_a_mass_acknowledgement_names_what_it_is_about() -> None:
    wanted = next(each for each in OPERATIONS if each.name == "check.acknowledge-all")
    assert example(wanted).endswith("'why they may wait' --target billing-db")


def test_every_command_has_help_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    program = Program(app.open_site, app.open_console, app.work, app.operations)

    def names(*group: str) -> list[str]:
        cli([*group, "--help"], obj=program, standalone_mode=False)
        listed = capsys.readouterr().out.partition("Commands:")[2].partition("\n\n")[0]
        return re.findall(r"^  ([a-z][a-z-]*)", listed, re.MULTILINE)

    groups = [(name,) for name in names() if name not in ("init", "serve", "status", "worker")]
    known = {path(each)[:-1] for each in OPERATIONS}
    for group in groups:
        for name in names(*group):
            if (*group, name) in known:
                groups.append((*group, name))
                continue
            cli([*group, name, "--help"], obj=program, standalone_mode=False)
            said = capsys.readouterr().out
            assert "Example" in said and "--site" in said, (group, name)
    assert known <= set(groups)
