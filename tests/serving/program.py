"""The `lexops` program with sessions, wired as `app.py` does it, but with people given by a file.

`people.json` beside the site's file has name and key line of each operator; what is recorded goes to
`records.jsonl`, and the session acted in to `sessions.jsonl`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from lexops import app
from lexops.auth import sshcert
from lexops.cli.main import cli, run
from lexops.cli.program import Key, Program, Serving
from lexops.cli.serve import serve
from lexops.cli.session import session
from lexops.errors import Refused
from lexops.tui.serving.limits import allowed_words


def keys(site: Any) -> Iterator[Key]:
    people = json.loads((site.file.folder / "people.json").read_text())
    for name, line in people.items():
        yield Key(name, sshcert.read(line).fingerprint, line)


def holder(site: Any, presented: sshcert.Presented) -> str:
    for key in keys(site):
        if presented.certificate is not None and key.operator in presented.certificate.principals:
            return key.operator
    raise Refused("the certificate is for no operator of this site")


def act_as(program: Program, sitting: Any) -> Program:
    def open_site(path: Any) -> Any:
        site = program.open_site(path)
        with (site.file.folder / "sessions.jsonl").open("a") as file:
            file.write(json.dumps(asdict(sitting)) + "\n")
        return site

    return replace(program, open_site=open_site)


def serve_site(site: Any, stop: Callable[[], bool], narrate: Callable[[str], None]) -> None:
    from lexops.tui.serving.connection import Service
    from lexops.tui.serving.login import Login
    from lexops.tui.serving.server import Server, host_key

    def who(fingerprint: str, line: str, login: str) -> Login | None:
        found = next((key for key in keys(site) if key.fingerprint == fingerprint), None)
        return Login(found.operator, "support", fingerprint) if found else None

    def record(kind: str, operator: str | None, details: Mapping[str, str | int]) -> None:
        with (site.file.folder / "records.jsonl").open("a") as file:
            file.write(json.dumps([kind, operator, dict(details)]) + "\n")

    settings = site.file.settings.serve
    own = host_key(site.file.resolve(settings.host_key))
    server = Server(
        Service(settings, own, (sys.executable, __file__), site.file.path, who, record, site.clock)
    )
    narrate(f"serving on {settings.address} port {server.port}; host key {own.fingerprint}")
    server.run(stop)


if __name__ == "__main__":
    beside = Path(sys.argv[sys.argv.index("--site") + 1])
    # What the tests' programs keep is not to mix with the account's own.
    os.environ["XDG_STATE_HOME"] = str(beside if beside.is_dir() else beside.parent)
    cli.command()(serve)
    cli.command()(session)
    run(
        Program(
            app.open_site,
            app.open_console,
            app.work,
            serving=Serving(serve_site, keys, holder, allowed_words, act_as),
        )
    )
