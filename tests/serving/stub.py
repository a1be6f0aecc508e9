"""A child for the tests: tells how it was started, its size and its signals; ends as it is told.

Its first argument is a file in which it notes what happens to it. Lines typed to it are commands.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any


def main(log: Path, arguments: list[str]) -> None:
    def note(text: str) -> None:
        with log.open("a") as file:
            file.write(f"{text}\n")

    def on_signal(number: int, _frame: Any) -> None:
        note(f"{signal.Signals(number).name} {os.getpid()}")
        os._exit(128 + number)

    def on_resize(_number: int, _frame: Any) -> None:
        say(f"SIZE {size()}")

    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, on_signal)
    signal.signal(signal.SIGWINCH, on_resize)
    note(f"STARTED {os.getpid()}")
    report = {"arguments": arguments, "environment": dict(os.environ), "size": size(), "cwd": os.getcwd()}
    report["descriptors"] = len(os.listdir("/proc/self/fd")) - 1
    say(f"READY {json.dumps(report)} END")
    if "--" in arguments:
        sys.stderr.write("to standard error\n")
        sys.exit(7)
    for line in sys.stdin:
        obey(line.split())


def obey(words: list[str]) -> None:
    match words:
        case ["quit", code]:
            sys.exit(int(code))
        case ["stubborn"]:
            for number in (signal.SIGHUP, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            say("DEAF")
            time.sleep(120)
        case ["offspring"]:
            if os.fork() == 0:
                signal.signal(signal.SIGHUP, signal.SIG_IGN)
                time.sleep(120)
            say("BORN")
        case ["flood"]:
            while True:
                say("x" * 1000)
        case ["sleep"]:
            time.sleep(120)
        case _:
            say(f"HEARD {words}")


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())  # a signal may come in between, which buffers do not bear


def size() -> str:
    if not os.isatty(0):
        return "none"
    found = os.get_terminal_size(0)
    return f"{found.columns}x{found.lines}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
