"""`lexops demo`: a law firm to look around in, with problems to find."""

from __future__ import annotations

import json
import os
import shutil
import time
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lexops.cli.drawn import Area
from lexops.cli.program import leave, narrate, program
from lexops.errors import Refused

commands = typer.Typer(cls=Area, invoke_without_command=True)

MARKER = "demo.json"
"""Marks a folder that the demo made and may make anew."""
SITE = """\
# The demo firm. Made by `lexops demo`; look around, nothing here is real.

[site]
name = "Demo & Partners"
zone = "UTC"

[targets.billing-db]
kind = "sqlite"
environment = "demo"
description = "billing of the demo firm"
host = "this-host"
url = "sqlite:///billing.db"
profile = "reference"

[targets.this-host]
kind = "host"
environment = "demo"
address = "local"
"""


class FirmSize(StrEnum):
    """About 20,000, 500,000 and 5,000,000 time entries."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


def default_folder() -> Path:
    """Where the demo lives when nothing else is said."""
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "lexops" / "demo"


@commands.callback()
def demo(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Option("--dir", help="Where the demo firm is kept.")] = None,
    size: Annotated[FirmSize, typer.Option("--size", help="20,000, 500,000 or 5,000,000 time entries.")] = (
        FirmSize.SMALL
    ),
    headless: Annotated[bool, typer.Option("--headless", help="Print the overview instead; exit 1.")] = False,
) -> None:
    """Build the demo firm and open the console on it. The firm has problems; find them.

    Examples: lexops demo        lexops demo --headless        lexops demo --size medium --dir /tmp/firm
    """
    from lexops.cli.console import open_console
    from lexops.config import FILE_NAME

    if context.invoked_subcommand is not None:
        return
    place = (folder or default_folder()).absolute()
    build(place, size, datetime.now(UTC).date())
    path = place / FILE_NAME
    if headless:
        _overview(context, path)
    open_console(program(context), path)


def _overview(context: typer.Context, path: Path) -> None:
    from lexops.cli import background, present
    from lexops.cli.status import show

    site = program(context).open_site(path)
    background.run_checks(site)
    leave(present.exit_code(show(site, as_json=False).checks))


def build(folder: Path, size: FirmSize, today: date) -> None:
    """The demo firm in `folder`, as of `today`; what is there already and fits is kept.

    Raises Refused when the folder holds something else.
    """
    wanted = {"size": size.value, "today": today.isoformat()}
    marker = folder / MARKER
    if marker.is_file():
        if json.loads(marker.read_text()) == wanted:
            return
        shutil.rmtree(folder)
    elif folder.exists() and any(folder.iterdir()):
        raise Refused(f"{folder} holds something else", hint="choose another folder with --dir")
    _build(folder, size, today)
    marker.write_text(json.dumps(wanted))


def _build(folder: Path, size: FirmSize, today: date) -> None:
    from sqlalchemy import NullPool, create_engine

    from lexops.billing.firm import Size, build_firm
    from lexops.cli.progress import Progress
    from lexops.config import FILE_NAME

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / MARKER).write_text("{}")  # ours from now on, also when it is interrupted
    engine = create_engine(f"sqlite:///{folder / 'billing.db'}", poolclass=NullPool)
    started = time.monotonic()
    firm = build_firm(engine, size=Size(size.value), today=today, progress=Progress("building the demo firm"))
    engine.dispose()
    (folder / "billing.db").chmod(0o644)  # one of the demo's problems; the folder itself is private
    (folder / FILE_NAME).write_text(SITE, encoding="utf-8")
    seconds = time.monotonic() - started
    narrate(
        f"demo firm: {firm.time_entries:,} time entries, {firm.invoices:,} invoices, built in {seconds:.1f} s"
    )
