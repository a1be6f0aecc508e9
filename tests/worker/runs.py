"""A performer for tests: it keeps what happened in a file, so that a killed process can be asked later."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Run:
    """A job as the gate would release it."""

    key: str
    steps: int = 3
    attempt: int = 1
    first: int = 0
    lane: str = ""


class Journal:
    """An append-only file of lines; small appends are atomic, also between processes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, *words: object) -> None:
        with open(self.path, "ab", buffering=0) as file:
            file.write((json.dumps([time.monotonic(), *words]) + "\n").encode())

    def lines(self, *beginning: object) -> list[list[Any]]:
        """The lines that begin with these words, without their moment."""
        return [line[1:] for line in self.timed(*beginning)]

    def timed(self, *beginning: object) -> list[list[Any]]:
        if not self.path.exists():
            return []
        found = [json.loads(line) for line in self.path.read_text().splitlines()]
        return [line for line in found if line[1 : 1 + len(beginning)] == list(beginning)]


class Performer:
    """Runs given by the test; what is done is written into a journal."""

    def __init__(self, folder: Path, act: Callable[[str, int, bool], bool] | None = None) -> None:
        self.folder = folder
        self.journal = Journal(folder / "journal")
        self.jobs: list[Run] = []
        self._act = act or (lambda key, step, interrupted: True)

    def released(self) -> Sequence[Run]:
        taken = {(key, attempt) for _, key, attempt, _ in self.journal.lines("taken")}
        return [job for job in self.jobs if (job.key, job.attempt) not in taken]

    def taken(self, key: str, attempt: int, worker: str) -> None:
        self.journal.write("taken", key, attempt, worker)

    def intend(self, key: str, step: int, boot: str) -> None:
        self.journal.write("intend", key, step, os.getpid())

    def perform(self, key: str, step: int, interrupted: bool) -> bool:
        self.journal.write("begin", key, step, interrupted, os.getpid())
        go_on = self._act(key, step, interrupted)
        self.journal.write("end", key, step, go_on, os.getpid())
        return go_on

    def finish(self, key: str) -> None:
        self.journal.write("finish", key)


class Held:
    """An act that a test can stop in the middle: it waits for as long as a file lies there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _file(self, key: str, step: int | str) -> Path:
        return self._folder / f"hold-{key}-{step}"

    def hold(self, key: str, step: int | str) -> None:
        self._file(key, step).touch()

    def let_go(self, key: str, step: int | str) -> None:
        self._file(key, step).unlink()

    def pause(self, key: str, step: int | str) -> None:
        """Wait in the act, for a minute at most."""
        end = time.monotonic() + 60
        while self._file(key, step).exists() and time.monotonic() < end:
            time.sleep(0.01)
