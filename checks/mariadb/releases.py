"""Until when the makers mend each release series of MariaDB and MySQL."""

from __future__ import annotations

from datetime import date

AS_OF = date(2026, 8, 3)
"""The day of the snapshot of MySQLTuner whose tables mariadb_support.md and mysql_support.md these are."""

MARIADB = {
    (10, 3): date(2023, 5, 25),
    (10, 4): date(2024, 6, 18),
    (10, 5): date(2025, 6, 24),
    (10, 6): date(2026, 7, 6),
    (10, 7): date(2023, 2, 9),
    (10, 8): date(2023, 5, 20),
    (10, 9): date(2023, 8, 22),
    (10, 10): date(2023, 11, 17),
    (10, 11): date(2028, 2, 16),
    (11, 0): date(2024, 6, 6),
    (11, 1): date(2024, 8, 21),
    (11, 2): date(2024, 11, 21),
    (11, 3): date(2024, 5, 29),
    (11, 4): date(2029, 5, 29),
    (11, 5): date(2024, 11, 21),
    (11, 6): date(2025, 2, 13),
    (11, 7): date(2025, 5, 12),
    (11, 8): date(2028, 6, 4),
    (12, 0): date(2025, 11, 18),
    (12, 1): date(2026, 2, 13),
    (12, 2): date(2026, 5, 13),
    (12, 3): date(2029, 6, 30),
}

MYSQL = {
    (5, 7): date(2023, 10, 31),
    (8, 0): date(2026, 4, 30),
    (8, 4): date(2032, 4, 30),
}


def end_of_life(version: tuple[int, ...], *, is_mysql: bool) -> date | None:
    """The last day on which the series of `version` is mended; None for one that the table does not have.

    A series between known ones is a short-lived one, and over when the next began to be the newest: it counts
    as ended with the day of the table.
    """
    known = MYSQL if is_mysql else MARIADB
    series = version[:2]
    if series in known:
        return known[series]
    return AS_OF if series < max(known) else None
