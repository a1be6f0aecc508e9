"""A calendar survives being written down; what is no calendar is not taken for one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.calendars.builtin import ALWAYS_OPEN
from lexops.calendars.document import Unusable, from_document, to_document
from tests.calendars.helping import calendar, day, period
from tests.calendars.making import CHANGES, calendars


@given(st.sampled_from(sorted(CHANGES)), st.data())
def test_a_calendar_read_back_is_the_same(zone: str, data: st.DataObject) -> None:
    made = data.draw(calendars(zone))
    assert from_document(made.name, json.loads(json.dumps(to_document(made)))) == made


def test_the_built_in_calendar_is_written_like_any_other() -> None:
    assert from_document("always", to_document(ALWAYS_OPEN)) == ALWAYS_OPEN


def test_days_are_written_in_order_however_they_were_entered() -> None:
    one, other = day("2026-12-25"), day("2026-12-24", "09:00-12:00")
    assert to_document(calendar("always", "UTC", one, other)) == to_document(
        calendar("always", "UTC", other, one)
    )


SOUND = to_document(
    calendar(
        "mon 09:00-17:00",
        "Europe/London",
        day("2026-12-25"),
        later=(period("mon 09:00-17:00", since="2027-01-04"), period("always", since="2027-02-01")),
    )
)


def damaged(path: tuple[str | int, ...], value: object) -> Any:
    document = json.loads(json.dumps(SOUND))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (None, "TypeError"),
        ([], "TypeError"),
        ("calendar", "TypeError"),
        ({}, "KeyError"),
        (damaged(("periods",), []), "no hours from always on"),
        (damaged(("periods", 0, "since"), "2026-01-01"), "no hours from always on"),
        (damaged(("periods", 2, "since"), None), "not in order"),
        (damaged(("periods", 2, "since"), "2027-01-04"), "not in order"),
        (damaged(("periods", 0, "zone"), "Europe/Lodnon"), "Lodnon"),
        (damaged(("periods", 0, "zone"), "../../etc/passwd"), "ValueError"),
        (damaged(("periods", 0, "zone"), 7), "TypeError"),
        (damaged(("periods", 0, "week"), []), "a week of 0 days"),
        (damaged(("periods", 0, "week", 1), [[0, 86401]]), "outside of their day"),
        (damaged(("periods", 0, "week", 1), [[-1, 60]]), "outside of their day"),
        (damaged(("periods", 0, "week", 1), [[60, 60]]), "not in order"),
        (damaged(("periods", 0, "week", 1), [[120, 60]]), "not in order"),
        (damaged(("periods", 0, "week", 1), [[0, 120], [60, 180]]), "not in order"),
        (damaged(("periods", 0, "week", 1), [[0, 0.5]]), "no whole seconds"),
        (damaged(("periods", 0, "week", 1), [[0, True]]), "no whole seconds"),
        (damaged(("periods", 0, "week", 1), [["0", "60"]]), "no whole seconds"),
        (damaged(("periods", 0, "week", 1), [[0]]), "ValueError"),
        (damaged(("days", 0, "date"), "2026-02-30"), "ValueError"),
        (damaged(("days", 0, "date"), "0001-01-01"), "out of reach"),
        (damaged(("days", 0, "hours"), None), "TypeError"),
        (damaged(("days",), {"2026-12-25": []}), "TypeError"),
    ],
)
def test_what_is_no_calendar_is_refused_with_the_reason(document: Any, said: str) -> None:
    with pytest.raises(Unusable, match=said):
        from_document("london", document)
