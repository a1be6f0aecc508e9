"""A worker that dies by SIGKILL when it has sent: `python -m tests.outbox.killed FOLDER`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from lexops.outbox.channels import Proof
from lexops.outbox.dispatch import Dispatcher
from tests.clock import ManualClock
from tests.outbox.helping import Delivery, InMemory, Room, site_file
from tests.stores import sqlite_store


class Deadly(Room):
    """Writes down what it is told, and dies before anybody hears that it was."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def take(self, delivery: Delivery) -> Proof:
        (self._folder / "sent").write_text(f"{delivery.key}\n")
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


def main(folder: Path) -> None:
    room = Deadly(folder)

    def opener(settings: object, file: object) -> InMemory:
        return InMemory(room, "mail")

    store, file = sqlite_store(folder), site_file(folder)
    Dispatcher(store, file, ManualClock(), "killed", threads=0, opener=opener).turn()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
