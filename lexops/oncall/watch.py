"""Is somebody on call now, and in the next days? What a check and the command line ask of the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from lexops.oncall import store
from lexops.oncall.drafting import gap_text
from lexops.oncall.model import Shift
from lexops.oncall.rotation import current, gaps

AHEAD = timedelta(days=7)
"""A week is time enough to find somebody, and short enough that a rota is planned for it."""


@dataclass(frozen=True, slots=True)
class Missing:
    """The first time at which a rota has nobody, wanted ones left out."""

    rota: str
    gap: Shift
    zone: ZoneInfo
    is_now: bool

    @property
    def text(self) -> str:
        """`support has nobody from … until …`."""
        return f"{self.rota} has {gap_text(self.gap, self.zone)}"


@dataclass(frozen=True, slots=True)
class Sight:
    """How many rotas have layers, and those that miss somebody."""

    rotas: int
    missing: tuple[Missing, ...]


def ahead(connection: Connection, now: datetime) -> Sight:
    """The rotas that have nobody now or within a week; who may not act here is nobody. Raises StoreError."""
    book, able = store.book(connection, since=now), store.able(connection, now)
    used = [rota for rota in sorted(book.rotas) if current(book, rota).layers]
    found = []
    for rota in used:
        zone = ZoneInfo(current(book, rota).zone)
        unwanted = [each for each in gaps(book, rota, now, now + AHEAD, able) if not each.is_wanted_gap]
        if unwanted:
            found.append(Missing(rota, unwanted[0], zone, unwanted[0].starts <= now))
    return Sight(len(used), tuple(found))
