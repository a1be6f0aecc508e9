"""Where a mail belongs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lexops.checks.model import Status
from lexops.incidents.model import Entry, EntryKind, Incident, State
from lexops.intake.placing import Place, client_of, is_theirs, place
from tests.clock import START

WITHIN = timedelta(minutes=30)


def incident(state: State, client: str = "acme", ended: timedelta | None = None) -> Incident:
    resolved = START - ended if ended is not None else None
    return Incident(
        41, "x", "x", Status.WARNING, state, None, None, START, START, None, resolved, client=client
    )


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (incident(State.OPEN), Place.NOTE),
        (incident(State.ACKNOWLEDGED), Place.NOTE),
        (incident(State.WAITING), Place.RESUME),
        (incident(State.RESOLVED, ended=WITHIN), Place.REOPEN),
        (incident(State.RESOLVED, ended=WITHIN + timedelta(seconds=1)), Place.FOLLOW),
        (incident(State.CANCELLED, ended=timedelta()), Place.FOLLOW),
        (None, Place.NEW),
    ],
)
def test_what_a_mail_does_to_the_ticket_that_it_answers(known: Incident | None, expected: Place) -> None:
    assert place(known, now=START, reopen_within=WITHIN) is expected


def test_a_ticket_is_of_its_client_and_of_those_who_wrote_to_it() -> None:
    wrote = [Entry(START, EntryKind.NOTE, "bo@other.example", "x")]
    known, nobodys = incident(State.OPEN), incident(State.OPEN, client="")
    assert is_theirs(known, (), "ana@acme.example", "acme")
    assert is_theirs(nobodys, wrote, "bo@other.example", "")
    assert not is_theirs(nobodys, (), "eve@evil.example", "")
    assert not is_theirs(known, wrote, "eve@evil.example", "evil")


def test_a_client_is_known_by_its_address_before_its_domain() -> None:
    clients = {"@Acme.example": "acme", "boss@acme.example": "boss"}
    assert client_of("ana@acme.example", clients) == "acme"
    assert client_of("boss@acme.example", clients) == "boss"
    assert client_of("ana@notacme.example", clients) == ""
    assert client_of("ana@x.acme.example", clients) == ""
