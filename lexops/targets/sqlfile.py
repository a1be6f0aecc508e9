"""SQL beside its use: `name.sql`, with `name.17.sql` for servers from version 17 on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.resources.abc import Traversable

from lexops.targets.model import Version


@dataclass(frozen=True)
class SqlFolder:
    """The SQL files of one folder, installed or in a checkout."""

    root: Traversable

    def pick(self, name: str, version: Version) -> str:
        """The variant of `name` for a server: the newest not above it. Raises KeyError if there is none."""
        variants = self._variants.get(name, {})
        fitting = [since for since in variants if since <= version]
        if not fitting:
            raise KeyError(f"no SQL {name!r} for server version {'.'.join(map(str, version))} in {self.root}")
        return variants[max(fitting)]

    @cached_property
    def _variants(self) -> dict[str, dict[Version, str]]:
        found: dict[str, dict[Version, str]] = {}
        for file in self.root.iterdir():
            if file.name.endswith(".sql"):
                name, *since = file.name.removesuffix(".sql").split(".")
                if all(part.isdigit() for part in since):
                    version = tuple(int(part) for part in since)
                    found.setdefault(name, {})[version] = file.read_text(encoding="utf-8")
        return found
