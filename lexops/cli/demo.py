"""`lexops demo`: a law firm to look around in, with problems to find."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lexops.cli.drawn import Area
from lexops.cli.program import leave, narrate, program
from lexops.errors import Refused

if TYPE_CHECKING:
    from lexops.site import Site

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

[channels.desk]
kind = "file"                              # or smtp, slack, pagerduty, …; see docs/notifications.md
path = "messages.jsonl"

[objectives.billing]
title = "the billing database"
targets = ["billing-db"]
objective = 99.9
"""
TICKETS = {"small": 250, "medium": 2_000, "large": 5_000}
"""Of the year before, by size."""


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
    build(place, size, datetime.now(UTC).date(), program(context).open_site)
    path = place / FILE_NAME
    if headless:
        _overview(context, path)
    open_console(program(context), path)


def _overview(context: typer.Context, path: Path) -> None:
    from lexops.cli import background
    from lexops.cli.status import show

    site = program(context).open_site(path)
    background.run_checks(site)
    leave(show(site, as_json=False))


def build(folder: Path, size: FirmSize, today: date, open_site: Callable[[Path], Site]) -> None:
    """The demo firm in `folder`, as of `today`; what is there already and fits is kept.

    Raises Refused when the folder holds something else.
    """
    from lexops.config import FILE_NAME

    wanted = {"size": size.value, "today": today.isoformat()}
    marker = folder / MARKER
    if marker.is_file():
        if json.loads(marker.read_text()) == wanted:
            return
        shutil.rmtree(folder)
    elif folder.exists() and any(folder.iterdir()):
        raise Refused(f"{folder} holds something else", hint="choose another folder with --dir")
    _build(folder, size, today)
    site = open_site(folder / FILE_NAME)
    _remember(site, TICKETS[size])
    _put_on_call(site)
    marker.write_text(json.dumps(wanted))


def _build(folder: Path, size: FirmSize, today: date) -> None:
    from sqlalchemy import NullPool, create_engine

    from lexops.billing.firm import Size, build_firm
    from lexops.cli.progress import Progress
    from lexops.config import FILE_NAME
    from lexops.sla.rehearsal import SITE_TABLES

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / MARKER).write_text("{}")  # ours from now on, also when it is interrupted
    engine = create_engine(f"sqlite:///{folder / 'billing.db'}", poolclass=NullPool)
    started = time.monotonic()
    firm = build_firm(engine, size=Size(size.value), today=today, progress=Progress("building the demo firm"))
    engine.dispose()
    (folder / "billing.db").chmod(0o644)  # one of the demo's problems; the folder itself is private
    (folder / FILE_NAME).write_text(SITE + SITE_TABLES, encoding="utf-8")
    seconds = time.monotonic() - started
    narrate(
        f"demo firm: {firm.time_entries:,} time entries, {firm.invoices:,} invoices, built in {seconds:.1f} s"
    )


def _put_on_call(site: Site) -> None:
    """Whoever looks around is on call, and is told of what is critical: into a file of the demo's folder."""
    from lexops.cli.asking import DOOR

    who, why = site.session.operator, "the demo firm"
    today = site.clock.now().strftime("%Y-%m-%dT00:00")
    site.submit("contact.set", {"contacts": "desk"}, DOOR)
    turns = {"rota": "support", "layer": "week", "people": who, "turn": "weekly", "start": today}
    site.submit("oncall.layer", turns | {"reason": why}, DOOR)
    steps = "0m rota:support; 15m role:administrator"
    site.submit("escalation.set", {"name": "critical", "steps": steps, "priority": "P1", "reason": why}, DOOR)
    site.submit("escalation.set", {"name": "serious", "steps": steps, "priority": "P2", "reason": why}, DOOR)


def _remember(site: Site, tickets: int) -> None:
    """A year of tickets with their promises, so that there is something to report."""
    from lexops.sla.rehearsal import rehearse

    started = time.monotonic()
    written = rehearse(site.store, site.file, site.clock.now(), tickets)
    narrate(
        f"and a year of {written:,} tickets in {time.monotonic() - started:.1f} s; see: lexops sla report"
    )
