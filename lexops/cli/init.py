"""`lexops init`: a commented starter, and whether the targets of a site can be reached."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lexops.cli.program import SiteOption, leave, narrate, program, say, say_json, table
from lexops.errors import Exit, LexOpsError, Refused

if TYPE_CHECKING:
    from lexops.config import SiteFile

STARTER = """\
# LexOps: one site. Keys and units are checked at start.
# `lexops init --schema` prints a JSON Schema for editors.

[site]
name = "My firm"
zone = "UTC"                         # IANA name; times are shown in it

[store]                              # LexOps' own database
url = "sqlite:///lexops.db"          # or postgresql://lexops@db.example.com/lexops
# password = { env = "LEXOPS_STORE_PASSWORD" }   # or { file = "…" }, { command = ["pass", "show", "x"] }

[worker]
concurrency = 16                     # targets looked at at the same time
# checks = "checks"                  # your own folder of SQL checks

[incidents]
open_on = "warning"                  # or "critical"
resolve_on_recovery = true

# Targets: what is operated. Uncomment and adapt.

# [targets.db-1]
# kind = "host"
# environment = "production"         # production, staging or demo
# address = "monitor@db1.example.com"   # or "local"

# [targets.billing-db]
# kind = "postgresql"                # or "mariadb", "sqlite"
# environment = "production"
# host = "db-1"                      # when it is down, this one is not reported as well
# url = "postgresql://lexops_monitor@db1.example.com:5432/billing"
# password = { env = "BILLING_DB_PASSWORD" }
# profile = "reference"              # how billing entities are found in it

# [targets.portal]
# kind = "endpoint"
# url = "https://portal.example.com/"
# expect_text = "Sign in"

# Checks are changed by name; see: lexops check list, lexops check show NAME
# [checks."postgresql.connections"]
# warn = "70%"
# crit = "90%"
"""


def init(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where lexops.toml is written.")] = Path(),
    test: Annotated[
        bool, typer.Option("--test", help="Only try the connections of an existing site.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Only print the JSON Schema of lexops.toml.")
    ] = False,
    site: SiteOption = None,
) -> None:
    """Write a commented lexops.toml, or try the connections of the one that is there.

    Examples: lexops init /etc/lexops        lexops init --test        lexops init --schema
    """
    from lexops import config

    if schema:
        say_json(config.json_schema())
        return
    path = folder / config.FILE_NAME
    if not test and not path.exists():
        _write(path)
        say(f"wrote {path}")
        say("next: edit its targets, then try them with: lexops init --test")
        return
    if not test:
        raise Refused(f"{path} exists already", hint="try its connections with: lexops init --test")
    program(context).open_site(site or path).store.close()
    leave(try_targets(config.load(config.find(site or path))))


def _write(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(STARTER)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from None


def try_targets(file: SiteFile) -> Exit:
    """Connect to every target once and say how it went."""
    from lexops.targets.connect import connect

    results = []
    for name, target in file.settings.targets.items():
        try:
            session = connect(file, name)
            session.close()
            results.append(("OK", name, target.kind, ""))
        except LexOpsError as error:
            results.append(
                ("FAILED", name, target.kind, f"{error}{f' ({error.hint})' if error.hint else ''}")
            )
    for line in table(results):
        say(line)
    if not results:
        narrate("the site has no targets yet")
    return Exit.UNREACHABLE if any(row[0] == "FAILED" for row in results) else Exit.OK
