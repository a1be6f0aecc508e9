"""What the documents tell people to type is what the commands understand."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from lexops import app
from lexops.cli.main import cli
from lexops.cli.program import Program

ROOT = Path(__file__).parents[2]
PROGRAM = Program(app.open_site, app.open_console, app.work, app.operations)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def lines(page: Path) -> Iterator[str]:
    """The commands of its examples, without what follows them: a remark, a file, another program."""
    text = re.sub(r"\\\n +", "", page.read_text())
    for line in re.findall(r"^ {4}lexops (.*)", text, re.MULTILINE):
        yield re.split(r"(?<=\S) {2,}| [>|] ", line)[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_is_understood(page: Path) -> None:
    for line in lines(page):
        words = shlex.split(line, comments=True)
        command = typer.main.get_command(cli)
        context = typer.Context(command, info_name="lexops", obj=PROGRAM)
        while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
            name = words.pop(0)
            found = command.get_command(context, name)
            assert found is not None, f"lexops {line}"
            command, context = found, typer.Context(found, info_name=name, parent=context)
        try:
            command.make_context(context.info_name, words, parent=context.parent)
        except typer.TyperException as error:
            raise AssertionError(f"lexops {line}: {error.format_message()}") from None
