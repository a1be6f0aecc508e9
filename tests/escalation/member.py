"""One worker's escalation, as a process of its own: `python -m tests.escalation.member URL FOLDER`.

Says `up` when it begins, and works until it is killed.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from lexops.clock import SystemClock
from lexops.escalation.watch import escalate
from lexops.store.database import Store, open_engine
from tests.escalation.firm import parse_site


def main(url: str, folder: str) -> None:
    place = Path(folder)
    store, file = Store(open_engine(url, place)), parse_site(place)
    sys.stdout.write("up\n")
    sys.stdout.flush()
    while True:
        escalate(store, file, SystemClock())
        time.sleep(0.02)


if __name__ == "__main__":
    main(*sys.argv[1:])
