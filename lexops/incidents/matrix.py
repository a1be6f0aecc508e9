"""How impact and urgency give a priority. Pure.

|                | urgency high | urgency medium | urgency low |
|----------------|--------------|----------------|-------------|
| impact high    | P1           | P2             | P3          |
| impact medium  | P2           | P3             | P4          |
| impact low     | P3           | P4             | P4          |

The usual matrix of service desks, with four priorities: what hits many and hurts now comes first, and what is
low in both comes with what is low in one. What nobody has said counts as medium.
"""

from __future__ import annotations

from collections.abc import Mapping

from lexops.incidents.model import Level, Priority

MATRIX: Mapping[tuple[Level, Level], Priority] = {
    (Level.HIGH, Level.HIGH): Priority.P1,
    (Level.HIGH, Level.MEDIUM): Priority.P2,
    (Level.HIGH, Level.LOW): Priority.P3,
    (Level.MEDIUM, Level.HIGH): Priority.P2,
    (Level.MEDIUM, Level.MEDIUM): Priority.P3,
    (Level.MEDIUM, Level.LOW): Priority.P4,
    (Level.LOW, Level.HIGH): Priority.P3,
    (Level.LOW, Level.MEDIUM): Priority.P4,
    (Level.LOW, Level.LOW): Priority.P4,
}
"""By impact, then urgency."""


def priority(impact: Level | None, urgency: Level | None) -> Priority | None:
    """What comes of the two; None while neither was said."""
    if impact is None and urgency is None:
        return None
    return MATRIX[impact or Level.MEDIUM, urgency or Level.MEDIUM]
