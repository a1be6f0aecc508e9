"""The billing system's own record of acts: each row carries the hash of the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from lexops.billing.firm.load import Row

Act = tuple[str, int, str, str, int]
"""When (ISO, UTC), who, action, entity, its id."""


@dataclass
class Audit:
    """Acts come in any order within a month and are chained when the month is closed."""

    acts: list[Act] = field(default_factory=list)
    last: int = 0
    hash: str = "0" * 64

    def note(self, at: str, actor: int, action: str, entity: str, id: int) -> None:
        self.acts.append((at, actor, action, entity, id))

    def close(self, until: str) -> Iterator[Row]:
        """The rows of all acts up to the day `until`, in order of time."""
        ready = sorted(act for act in self.acts if act[0][:10] <= until)
        self.acts = [act for act in self.acts if act[0][:10] > until]
        for act in ready:
            self.last += 1
            before = self.hash
            self.hash = hashlib.sha256(f"{before}|{self.last}|{act}".encode()).hexdigest()
            yield (self.last, *act, before, self.hash)
