"""kill -9 at any moment loses no acknowledged write and leaves a store that opens."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lexops.store import event
from lexops.store.database import Store, open_engine
from lexops.store.migrate import bring_up_to_date

WRITER = """
import sys
from pathlib import Path
from lexops.clock import SystemClock
from lexops.store import event
from lexops.store.database import Store, open_engine
from lexops.store.migrate import bring_up_to_date

store = Store(open_engine("sqlite:///lexops.db", Path(sys.argv[1])))
bring_up_to_date(store)
number = 0
while True:
    number += 1
    with store.begin() as connection:
        event.append(connection, SystemClock().now(), "pair", f"{number}a")
        event.append(connection, SystemClock().now(), "pair", f"{number}b")
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
"""


@pytest.mark.parametrize("seed", range(6))
def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path: Path, seed: int) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    first = writer.stdout.readline()
    time.sleep(random.Random(seed).uniform(0, 0.15))
    writer.kill()
    acknowledged = [first.strip(), *writer.stdout.read().split()]
    writer.stdout.close()
    writer.wait()
    store = Store(open_engine("sqlite:///lexops.db", tmp_path))
    bring_up_to_date(store)
    with store.begin() as connection:
        kept = [found.subject for found in event.after(connection, 0, limit=1_000_000)]
    assert {f"{number}a" for number in acknowledged} <= set(kept)
    assert len(kept) % 2 == 0, "half a transaction was kept"
