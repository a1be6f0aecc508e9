"""The exported calendar, read back as a calendar program does (RFC 5545)."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lexops.oncall import ical
from lexops.oncall.model import Shift
from lexops.oncall.rotation import on_call, shifts
from tests.oncall.helping import at, book, layer, override, utc

STAMPED = utc("2026-03-27T12:00")
WEEK = book(layer("ana bo", "2026-01-05T09:00"))


def read(text: str) -> list[dict[str, str]]:
    """The events of a calendar, unfolded and unescaped."""
    assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    lines = text.replace("\r\n ", "").split("\r\n")[:-1]
    assert lines[0] == "BEGIN:VCALENDAR" and lines[-1] == "END:VCALENDAR" and "VERSION:2.0" in lines
    assert any(line.startswith("PRODID:") for line in lines)
    events: list[dict[str, str]] = []
    for line in lines:
        if line == "BEGIN:VEVENT":
            events.append({})
        elif events and line != "END:VEVENT":
            name, _, value = line.partition(":")
            events[-1][name] = unescaped(value)
    return events


def unescaped(value: str) -> str:
    found, signs = "", iter(value)
    for sign in signs:
        found += next(signs) if sign == "\\" else sign
    return found


def moment(text: str) -> datetime:
    return datetime.strptime(f"{text}+0000", "%Y%m%dT%H%M%SZ%z")


def test_every_shift_is_an_event_with_its_times_in_utc() -> None:
    found = shifts(WEEK, "support", at("2026-03-23T09:00"), at("2026-04-13T09:00"))
    events = read(ical.text("Test & Partners", "support", found, STAMPED))
    assert [event["SUMMARY"].split()[0] for event in events] == ["bo", "ana", "bo"]
    assert [(moment(event["DTSTART"]), moment(event["DTEND"])) for event in events] == [
        (each.starts, each.ends) for each in found
    ]
    assert {moment(event["DTSTAMP"]) for event in events} == {STAMPED}
    assert events[0]["DTSTART"] == "20260323T090000Z" and events[1]["DTSTART"] == "20260330T080000Z"


def test_a_shift_keeps_its_uid_when_it_is_given_away_or_exported_later() -> None:
    now = at("2026-03-25T12:00")
    given_away = override("cy", at("2026-03-30T09:00"), at("2026-04-06T09:00"))
    other = book(layer("ana bo", "2026-01-05T09:00"), overrides=[given_away])

    def uids(known: object, now: datetime) -> list[str]:
        begins = on_call(known, "support", now).starts  # type: ignore[arg-type]
        found = shifts(known, "support", begins, at("2026-04-20T09:00"))  # type: ignore[arg-type]
        return [event["UID"] for event in read(ical.text("x", "support", found, now))]

    first = uids(WEEK, now)
    assert len(set(first)) == 4
    assert uids(other, now) == first
    assert uids(WEEK, now + timedelta(days=7)) == first[1:]


def test_rotas_and_sites_have_events_of_their_own() -> None:
    shift = on_call(WEEK, "support", STAMPED)
    named = [("x", "support"), ("x", "nights"), ("y", "support")]
    assert len({ical.uid(site, rota, shift) for site, rota in named}) == 3


@given(st.text(st.sampled_from('aZ é漢🙂,;:\\"n'), min_size=1, max_size=120))
def test_any_name_comes_back_whole_from_folded_lines(name: str) -> None:
    shift = Shift(STAMPED, STAMPED + timedelta(hours=1), name, "week")
    (event,) = read(ical.text(name, "support", [shift], STAMPED))
    assert event["SUMMARY"] == " ".join(f"{name} on call: support".split())


def test_nothing_in_a_name_can_add_a_line() -> None:
    shift = Shift(STAMPED, STAMPED + timedelta(hours=1), "ana\r\nATTENDEE:mailto:x@y\nX:1", "week")
    (event,) = read(ical.text("x", "support", [shift], STAMPED))
    assert "ATTENDEE" not in event and "X" not in event
