"""Programs that crash: `python -m tests.crash.program HOW FOLDER DATABASE [SECRET]`, with the DSN in $DSN.

HOW is command, worker, console, port or bare (a program without the guard, to show that there is something
to guard). What connects is written into FOLDER/connected. Without $HURRY a report has all the time of a busy
machine to arrive.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any

from lexops import crash
from lexops.crash import envelope, keeping
from tests.waiting import PATIENCE

HOW, FOLDER, DATABASE = sys.argv[1], Path(sys.argv[2]), sys.argv[3]


def watch_sockets(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        with open(FOLDER / "connected", "a") as file:
            file.write(f"{event} {arguments[-1] if event == 'socket.connect' else arguments}\n")


def fail(*_: object) -> Any:
    from tests.crash import planting

    if HOW != "command":
        # In a thread, because the console has a loop of its own.
        thread = threading.Thread(target=planting.litter)
        thread.start()
        thread.join()
    planting.crash(FOLDER, DATABASE)


def main() -> None:
    if "HURRY" not in os.environ:
        envelope.PATIENCE = keeping.FAREWELL = PATIENCE
    if HOW != "bare":
        crash.guard()
    if os.environ.get("DSN"):
        crash.configure(lambda: os.environ["DSN"], os.environ.get("DSN_HOST", "127.0.0.1"))
    if HOW in ("console", "port"):
        sys.exit(console())
    if HOW == "bare":
        fail()
    from lexops.cli.main import run
    from lexops.cli.program import Program

    # A client's name in a path is what argv gives away.
    command = "status" if HOW == "command" else "worker"
    sys.argv = ["lexops", command, "--site", f"{FOLDER}/{sys.argv[4]}"]
    run(Program(fail if HOW == "command" else open_site, fail, fail))


def open_site(_path: object) -> Any:
    from lexops import app

    return app.open_site(FOLDER)


def console() -> int:
    """The console on a port that fails in the console's own code, or behind its guard."""
    from lexops.tui.run import run_console
    from tests.tui.port import FakePort, FixedClock

    class Port(FakePort):
        looks = seen = 0

        def newest_event(self) -> int:
            Port.looks += 1
            if HOW == "port" and Port.looks == 1:
                fail()
            return super().newest_event()

        @property
        def operator(self) -> str:
            Port.seen += 1
            if HOW == "console" and Port.seen > 3:
                fail()
            return "ana"

        @operator.setter
        def operator(self, _name: str) -> None:
            return

    return run_console(Port(), on_crash=crash.keep, clock=FixedClock())


if __name__ == "__main__":
    sys.addaudithook(watch_sockets)
    main()
