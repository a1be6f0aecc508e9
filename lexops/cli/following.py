"""Following a request until it is over, told step by step."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lexops.cli import present_requests as present
from lexops.cli.background import Helper
from lexops.cli.program import leave, narrate, say, say_json, say_table, table
from lexops.errors import Exit
from lexops.gate import store as requests
from lexops.gate.model import ENDED, STOPPED, RequestView, State, StepView

if TYPE_CHECKING:
    from lexops.site import Site

_ALL = 1_000_000_000
"""More requests than there are: no list is cut."""
_MOST_NEEDING = 500
"""So many are given by the question what waits for people."""
PAUSE = 0.25
"""Seconds between two looks."""
EXITS = {
    State.DONE: Exit.OK,
    State.RELEASED: Exit.OK,
    State.RUNNING: Exit.OK,
    State.FAILED: Exit.PROBLEMS,
    State.INTERRUPTED: Exit.UNREACHABLE,
}
"""What a command ends with where a request stands; with a refusal everywhere else."""


def exit_of(state: State) -> Exit:
    """The exit code for where a request stands: done, failed, nobody can tell, or it did not happen."""
    return EXITS.get(state, Exit.REFUSED)


def look(site: Site, number: int) -> RequestView:
    """A request as it stands. Raises NotFound."""
    with site.store.read() as connection:
        row = requests.numbered(connection, number)
        return requests.view(connection, site.gate.keyring, row)


def every(site: Site) -> list[RequestView]:
    """All requests that there ever were, the newest first."""
    with site.store.read() as connection:
        return requests.views(connection, site.gate.keyring, _ALL)


def needing(site: Site) -> list[RequestView]:
    """Requests that wait for people, the oldest first."""
    found = site.needing()
    if len(found) >= _MOST_NEEDING:
        narrate(f"these are the oldest {len(found)} that wait; all of them: --all")
    return [each for each in found if each.state not in ENDED or each.needs_review]


def under_way(site: Site) -> list[RequestView]:
    """Requests that a worker has or may take, the oldest first."""
    with site.store.read() as connection:
        rows = requests.in_states(connection, [State.RELEASED, State.RUNNING], _ALL)
        return [requests.view(connection, site.gate.keyring, row) for row in rows]


def described(site: Site, number: int) -> tuple[RequestView, list[str]]:
    """A request with the lines that show all of it. Raises NotFound."""
    with site.store.read() as connection:
        row = requests.numbered(connection, number)
        view = requests.view(connection, site.gate.keyring, row)
    key = f"with the key {row.fingerprint}" if row.fingerprint else ""
    came_from = ", ".join(filter(None, (f"session {row.session}" if row.session else "", key)))
    return view, table(present.request_rows(view, site.file.zone, site.clock.now(), came_from))


def show_requests(site: Site, views: Sequence[RequestView], as_json: bool, nothing: str) -> None:
    """Write a list of requests; `nothing` is what to say of an empty one."""
    if as_json:
        say_json({"requests": [present.request_json(view) for view in views]})
        return
    say_table((present.request_row(view, site.clock.now()) for view in views), nothing=nothing)


def show_request(site: Site, number: int, as_json: bool) -> None:
    """Write a request out, for people or for programs. Raises NotFound."""
    view, lines = described(site, number)
    if as_json:
        say_json(present.request_json(view))
        return
    for line in lines:
        say(line)


def follow(site: Site, number: int) -> RequestView:
    """Tell how far a request is until it ends or stops; a worker is started when none is alive."""
    helper = Helper(site, f"request #{number} is carried out by one started for it")
    before: RequestView | None = None
    try:
        while True:
            now = look(site, number)
            for line in news(before, now):
                narrate(line)
            if now.state in ENDED | STOPPED:
                return now
            if now.state is not State.WAITING:
                helper.see_to_it()
            before = now
            time.sleep(PAUSE)
    except KeyboardInterrupt:
        narrate(f"\nrequest #{number} goes on without you; follow it with: lexops request follow {number}")
        leave(Exit.INTERRUPTED)


def news(before: RequestView | None, now: RequestView) -> list[str]:
    """What is to be told since the last look: where it stands, and its steps in the order they went."""
    known = {step.number: step for step in before.steps} if before else {}
    steps = [
        step_line(step, len(now.steps))
        for step in now.steps
        if step != known.get(step.number) and step.state != "open"
    ]
    moved = before is None or before.state is not now.state
    standing = [f"request #{now.id} is {now.state}"] if moved else []
    return [*steps, *standing] if now.state in ENDED | STOPPED else [*standing, *steps]


def step_line(step: StepView, count: int) -> str:
    """`step 1 of 2, clear: done, 12 rows moved`."""
    said = f", {step.said}" if step.said else ""
    return f"step {step.number + 1} of {count}, {step.name}: {step.state}{said}"
