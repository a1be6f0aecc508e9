"""A site's store with incidents and articles as people and checks leave them, and its index."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lexops.checks.model import Status
from lexops.config import SiteFile, parse
from lexops.incidents import store as incidents
from lexops.incidents.model import Opening
from lexops.knowledge import index, similar, store
from lexops.knowledge.model import Answer, Article, Standing, Trouble
from lexops.store.database import Store
from tests.clock import ManualClock


@dataclass
class Firm:
    """What a worker and the doors have of it."""

    store: Store
    file: SiteFile
    clock: ManualClock

    @property
    def path(self) -> Path:
        return index.path_of(self.file)

    def incident(
        self,
        title: str,
        *notes: str,
        solved: str = "",
        target: str = "billing-db",
        check: str | None = None,
        by: str = "ana",
    ) -> int:
        """Somebody opens, notes and, where it is said how, solves one."""
        self.clock.advance(minutes=1)
        now = self.clock.now()
        with self.store.begin() as connection:
            print_ = incidents.fingerprint(target, check) if check else f"by hand/{title}/{now}"
            opening = Opening(print_, title, Status.CRITICAL, now, by, title, target, check)
            number = incidents.open_(connection, opening)
            for each in notes:
                incidents.note(connection, number, now, by, each)
            if solved:
                incidents.resolve(connection, number, now, by, solved)
        return number

    def article(self, name: str, body: str, after: int = 0, **more: object) -> None:
        """Somebody writes one, or a revision of it."""
        made = Article(name, name.replace("-", " ").title(), body, **more)  # type: ignore[arg-type]
        self._add(made, after)

    def retire(self, name: str) -> None:
        with self.store.read() as connection:
            known = store.get(connection, name)
        self._add(Article(name, "gone", "gone", standing=Standing.RETIRED), known.number)

    def _add(self, article: Article, after: int) -> None:
        with self.store.begin() as connection:
            store.add(connection, article, at=self.clock.now(), operator="ana", reason="because", after=after)

    def refresh(self) -> None:
        index.refresh(self.store, self.file, self.clock)

    def look_for(self, words: str) -> Answer:
        with self.store.read() as connection:
            return similar.look_for(connection, self.file, self.clock.now(), words)

    def like(self, trouble: Trouble) -> Answer:
        with self.store.read() as connection:
            return similar.similar(connection, self.file, self.clock.now(), trouble)

    def finds(self, words: str) -> list[str]:
        """What some words find in the index; without one this fails."""
        answer = self.look_for(words)
        assert answer.notice == ""
        return [each.id for each in answer.found]


def firm(store: Store, folder: Path) -> Firm:
    """The firm of a store; its index lies in the folder."""
    path = folder / "lexops.toml"
    file = SiteFile(path=path, settings=parse({"site": {"name": "Test & Partners"}}, path))
    return Firm(store, file, ManualClock())
