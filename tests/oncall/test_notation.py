"""Layers and moments as people write them, and back; rotas as documents."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexops.calendars.document import Unusable
from lexops.oncall import notation
from lexops.oncall.document import from_document, to_document
from lexops.oncall.model import Rota, Turn
from tests.oncall.helping import layer, utc
from tests.oncall.oracle import NIGHTS
from tests.oncall.test_laws import layers


@pytest.mark.parametrize(
    ("read", "text", "wrong"),
    [
        (notation.people, " , ", "nobody"),
        (notation.people, ",".join(["ana"] * 101), "101 names"),
        (notation.wall, "tomorrow", "no date and time"),
        (notation.wall, "2026-11-23", "no time of day"),
        (notation.wall, "2026-11-23T09:00Z", "names a zone"),
        (notation.wall, "2026-11-23T09:00:30", "not on the minute"),
        (notation.wall, "1999-11-23T09:00", "not between 2000 and 2099"),
        (notation.holidays, "london", "says not whether"),
        (notation.hours, "mon 25:00-26:00", "not on a clock"),
        (lambda text: notation.name("rota", text), "Our Rota", "cannot name a rota"),
    ],
)
def test_what_cannot_be_read_is_told_with_how_to_write_it(read, text: str, wrong: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=wrong):
        read(text)


@pytest.mark.parametrize(("turn", "count"), [(Turn.DAILY, 0), (Turn.WEEKLY, -1), (Turn.MONTHLY, 13)])
def test_a_turn_is_at_least_one_unit_and_at_most_a_year(turn: Turn, count: int) -> None:
    with pytest.raises(ValueError, match=r"less than one turn|longer than a year"):
        notation.length(turn, count)


def test_a_moment_is_one_of_the_zone_or_names_one_or_is_so_far_away() -> None:
    zone, now = ZoneInfo("Europe/London"), utc("2026-03-28T09:00")
    assert notation.moment("2026-06-01T09:00", zone, now) == utc("2026-06-01T08:00")
    assert notation.moment("2026-06-01T09:00+05:45", zone, now) == utc("2026-06-01T03:15")
    assert notation.moment("90m", zone, now) == utc("2026-03-28T10:30")
    assert notation.moment("2026-03-29T01:30", zone, now) == utc("2026-03-29T01:00")
    for wrong in ("soon", "9999-01-01T00:00"):
        with pytest.raises(ValueError):
            notation.moment(wrong, zone, now)


def test_a_layer_says_in_words_what_it_is() -> None:
    office = layer("ana bo", "2026-11-23T09:00", length=2, hours="mon-fri 09:00-17:30", holidays="-london")
    assert notation.layer_text(office) == (
        "ana, bo every 2 weeks from 2026-11-23 09:00, mon-fri 09:00-17:30, not on the days off of london"
    )


@settings(max_examples=40)
@given(st.sampled_from(NIGHTS).flatmap(lambda night: st.lists(layers(night), max_size=3)))
def test_a_rota_comes_back_from_its_document_as_it_was(taken: list) -> None:  # type: ignore[type-arg]
    known = Rota("support", "Europe/London", tuple(taken), "who answers")
    assert from_document("support", json.loads(json.dumps(to_document(known)))) == known


@pytest.mark.parametrize(
    "change",
    [
        {"zone": "Mars/Olympus"},
        {"layers": None},
        {"layers": [{}]},
        {"people": "ana"},
        {"people": []},
        {"people": [7]},
        {"turn": "yearly"},
        {"length": 0},
        {"length": "2"},
        {"start": "2026-11-23"},
        {"hours": "at night"},
        {"holidays": "london"},
        {"name": "../.."},
    ],
)
def test_a_damaged_document_is_refused(change: dict[str, object]) -> None:
    document = to_document(Rota("support", "Europe/London", (layer("ana", "2026-11-23T09:00"),)))
    if change.keys() <= {"zone", "layers"}:
        document |= change
    else:
        document["layers"][0] |= change
    with pytest.raises(Unusable):
        from_document("support", document)
