"""A process that is killed (SIGKILL, by itself) at a named moment of sealing, or of a restart."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from lexops.audit import heads, keys, restart, sealing, store
from lexops.store.database import Store, open_engine
from tests.clock import ManualClock


def dies(*_: object, **__: object) -> Any:
    """End as `kill -9` does: nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)


def then_dies(act: Callable[..., Any]) -> Callable[..., Any]:
    def both(*arguments: Any, **named: Any) -> Any:
        act(*arguments, **named)
        return dies()

    return both


MOMENTS: dict[str, tuple[object, str, Callable[[Callable[..., Any]], Callable[..., Any]]]] = {
    "before the next key": (keys.SealingKeys, "make", lambda act: dies),
    "after the next key": (keys.SealingKeys, "make", then_dies),
    "after the statement": (store, "add_epoch", then_dies),
    "after numbering": (store, "number_entries", then_dies),
    "before the checkpoint": (store, "add_checkpoint", lambda act: dies),
    "before the commit": (store, "add_checkpoint", then_dies),
    "after the commit": (keys.SealingKeys, "remember", lambda act: dies),
    "before the old key is destroyed": (keys.SealingKeys, "destroy_before", lambda act: dies),
    "before the old key is removed": (Path, "unlink", lambda act: dies),
}


def main(url: str, folder: str, now: str, moment: str, act: str = "seal") -> None:
    owner, name, change = MOMENTS[moment]
    setattr(owner, name, change(getattr(owner, name)))
    opened = Store(open_engine(url, Path(folder)))
    clock = ManualClock(datetime.fromisoformat(now))
    held = keys.SealingKeys(Path(folder) / "keys")
    if act == "restart":
        with opened.begin() as connection:
            restart.restart(connection, held, clock.now(), heads.gather(None, held, []))
    sealing.Sealer(opened, held, clock).seal()


if __name__ == "__main__":
    main(*sys.argv[1:])
