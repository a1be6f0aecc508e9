"""What people write on their time sheets, with the UTBMS codes that fit."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from itertools import product

Phrase = tuple[str, str, str]
"""Task code, activity code, narrative."""


MAIN_TASK = {
    "litigation": ("L120", "A111"),
    "project": ("P300", "A111"),
    "counseling": ("C300", "A111"),
    "bankruptcy": ("B110", "A111"),
}
"""Codes of a line that stands for the engagement as a whole, such as a fixed fee."""


@cache
def phrases(code_set: str) -> tuple[Phrase, ...]:
    """Everything that can be written on an engagement of a code set; narratives.toml says how."""
    texts = tomllib.loads(files(__package__).joinpath("narratives.toml").read_text(encoding="utf-8"))
    return tuple(
        (task, activity, variant)
        for line in texts[code_set].strip().splitlines()
        for codes, _, pattern in [line.partition(" | ")]
        for task, activity in [codes.split()]
        for variant in _variants(pattern)
    )


def _variants(pattern: str) -> list[str]:
    """`Draft <a/b>` as both sentences it stands for."""
    parts = [
        piece.split("/") if i % 2 else [piece] for i, piece in enumerate(pattern.replace(">", "<").split("<"))
    ]
    return ["".join(chosen) for chosen in product(*parts)]


_EVERYWHERE = (
    ("E101", "Copying of documents", 25, 100, 3_000),
    ("E106", "Online legal research", 4_500, 1, 9),
    ("E107", "Courier", 3_850, 1, 3),
    ("E109", "Taxi to meeting", 2_725, 1, 2),
    ("E110", "Rail and hotel for client meeting", 41_260, 1, 2),
    ("E123", "Certified translation, per page", 4_275, 2, 40),
)
_COURT = (
    ("E112", "Court filing fee", 40_200, 1, 1),
    ("E115", "Deposition transcript, per page", 485, 60, 320),
    ("E118", "Document hosting, per gigabyte", 1_250, 5, 120),
    ("E119", "Expert consultation, per hour", 52_500, 1, 9),
)
EXPENSES = {
    "litigation": _EVERYWHERE + _COURT,
    "bankruptcy": _EVERYWHERE + _COURT[:1],
    "project": _EVERYWHERE,
    "counseling": _EVERYWHERE,
}
"""By code set: UTBMS code, text, cents per piece, fewest and most pieces."""
