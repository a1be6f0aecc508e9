"""`lexops init`: a commented starter, and whether the targets of a site can be reached."""

from __future__ import annotations

import json
import os
import shlex
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lexops.cli.program import SiteOption, leave, narrate, program, say_json, say_table
from lexops.errors import Exit, InvalidRequest, LexOpsError, Refused

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

_EXAMPLES = "# Targets: what is operated."


def init(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where lexops.toml is written.")] = Path(),
    database: Annotated[
        str | None,
        typer.Option("--database", metavar="URL", help="A first target: postgresql://user@host/db …"),
    ] = None,
    test: Annotated[
        bool, typer.Option("--test", help="Only try the connections of an existing site.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Only print the JSON Schema of lexops.toml.")
    ] = False,
    site: SiteOption = None,
) -> None:
    """Write a commented lexops.toml and try its connections.

    Examples: lexops init --database postgresql://lexops_monitor@db1/billing        lexops init --test
    """
    from lexops import config

    if schema:
        say_json(config.json_schema())
        return
    path = folder / config.FILE_NAME
    if not test:
        if path.exists():
            raise Refused(f"{path} exists already", hint=f"try its connections with: {_trying(folder)}")
        text = with_target(STARTER, database) if database else STARTER
        config.parse(tomllib.loads(text), path)
        _write(path, text)
        narrate(f"wrote {path}; edit its targets, then try them with: {_trying(folder)}")
        if not database:
            return
        site = path
    program(context).open_site(site or path).store.close()
    leave(try_targets(config.load(config.find(site or path))))


def _trying(folder: Path) -> str:
    place = "" if folder == Path() else f" {shlex.quote(str(folder))}"
    return f"lexops init --test{place}"


def with_target(starter: str, url: str) -> str:
    """The starter with a database as its first target. Raises InvalidRequest for a URL of another kind."""
    scheme = url.partition("://")[0]
    kind = {"mysql": "mariadb"}.get(scheme, scheme)
    if kind not in ("sqlite", "postgresql", "mariadb"):
        raise InvalidRequest(
            f"{scheme!r} is no kind of database", hint="use sqlite://, postgresql:// or mariadb://"
        )
    target = f'[targets.billing-db]\nkind = "{kind}"\nenvironment = "production"\nurl = {json.dumps(url)}\n'
    if kind != "sqlite":
        target += '# password = { env = "BILLING_DB_PASSWORD" }\n'
    before, after = starter.split(_EXAMPLES)
    return f"{before}{target}\n{_EXAMPLES}{after}"


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(text)
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
    say_table(results, nothing="the site has no targets yet")
    return Exit.UNREACHABLE if any(row[0] == "FAILED" for row in results) else Exit.OK
