"""How old is the server's release? The table is shipped, so that nobody has to ask the network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from lexops.checks.contract import Metric, NotApplicable, Note, Observation, PostgreSQL, check

AS_OF = date(2026, 11, 22)
"""When the table was last brought up to date."""


@dataclass(frozen=True, slots=True)
class Release:
    """The newest minor release of a major version, when it came out, and until when there are others."""

    minor: int
    published: date
    supported_until: date


_NOVEMBER = date(2026, 11, 12)
RELEASES = {
    10: Release(23, date(2022, 11, 10), date(2022, 11, 10)),
    11: Release(22, date(2023, 11, 9), date(2023, 11, 9)),
    12: Release(22, date(2024, 11, 21), date(2024, 11, 21)),
    13: Release(23, date(2025, 11, 13), date(2025, 11, 13)),
    14: Release(25, _NOVEMBER, _NOVEMBER),
    15: Release(20, _NOVEMBER, date(2027, 11, 11)),
    16: Release(16, _NOVEMBER, date(2028, 11, 9)),
    17: Release(12, _NOVEMBER, date(2029, 11, 8)),
    18: Release(6, _NOVEMBER, date(2030, 11, 14)),
}
"""By major version; see https://www.postgresql.org/support/versioning/."""


@check(
    "postgresql.version",
    target=PostgreSQL,
    every="1d",
    attempts=1,
    metrics={"support left": ("180d:", "0:"), "releases behind": ("0", "2")},
    source=f"PostgreSQL versioning policy; a table of {AS_OF}. More than two releases, half a year:"
    " LexOps' own judgement",
    mend="Install the newest minor release and restart, which takes seconds; plan a major upgrade with"
    " pg_upgrade before support ends.",
    fault="a server two minor releases behind",
)
def version(db: PostgreSQL) -> Iterator[Observation]:
    """Server is out of date.

    Compares the server's version with a table that LexOps ships: how many minor releases it is behind, and
    how long its major version will still get them. The table cannot know what came out after its date.

    Minor releases mend security holes and faults that lose or corrupt data; without support nobody mends
    those that endanger client money and privilege.
    """
    major, minor = db.version[0], db.version[1] if len(db.version) > 1 else 0
    release = RELEASES.get(major)
    if release is None:
        raise NotApplicable(f"PostgreSQL {major} is not in the table of {AS_OF}")
    yield Metric("releases behind", max(0, release.minor - minor))
    end = datetime(*release.supported_until.timetuple()[:3], tzinfo=UTC)
    yield Metric("support left", (end - db.memory.at).total_seconds(), "s")
    yield Note("version", f"{major}.{minor}; {major}.{release.minor} came out on {release.published}")
    yield Note("table", f"of {AS_OF}; support of PostgreSQL {major} ends on {release.supported_until}")
