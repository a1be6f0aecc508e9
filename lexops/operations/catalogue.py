"""All operations of a site, by name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from lexops.errors import NotFound
from lexops.operations.model import Operation


class Catalogue:
    """What can be done here."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._by_name: dict[str, Operation] = {}
        for operation in operations:
            if operation.name in self._by_name:
                raise ValueError(f"the operation {operation.name} is declared twice")
            self._by_name[operation.name] = operation

    def __iter__(self) -> Iterator[Operation]:
        return iter(sorted(self._by_name.values(), key=lambda operation: operation.name))

    def find(self, name: str) -> Operation:
        """The operation called `name`. Raises NotFound with the nearest one."""
        found = self._by_name.get(name)
        if found is None:
            close = difflib.get_close_matches(name, self._by_name, n=1)
            hint = f"did you mean {close[0]}?" if close else "see: lexops operation list"
            raise NotFound(f"there is no operation {name!r}", hint=hint)
        return found
