"""Incidents follow checks: what comes back, gets worse, was ended; the bugs of others by name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from lexops.errors import Refused
from lexops.incidents import groups, joining, links, rows, watchers
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind, Link, LinkKind, Priority, Relation, State
from lexops.outbox import store as outbox
from lexops.outbox.model import Message, Recipient, Urgency
from lexops.outbox.model import State as Sent
from lexops.store.database import Store
from tests.incidents.field import CRITICAL, OK, UNKNOWN, UP, WARNING, Field, site_file


def linked(plain: Field, number: int) -> list[tuple[str, Relation]]:
    with plain.store.read() as connection:
        return [(link.ref, link.relation) for link in links.links(connection, number)]


# Again.


def test_what_fails_again_soon_is_the_same_incident_and_whoever_had_it_has_it(either: Field) -> None:
    either.says(CRITICAL)
    either.takes()
    either.says(OK)
    assert either.incident().state is State.RESOLVED
    either.later(minutes=30)
    either.says(CRITICAL)
    again = either.incident()
    assert (again.state, again.owner, again.resolved) == (State.ACKNOWLEDGED, "ana", None)
    assert either.numbers() == [1]
    assert either.entries()[-1].text == "fails again: it is CRITICAL"


def test_what_fails_again_worse_is_nobodys(plain: Field) -> None:
    plain.says(WARNING)
    plain.takes()
    plain.resolves()
    plain.later(minutes=5)
    plain.says(CRITICAL)
    again = plain.incident()
    assert (again.state, again.owner, again.severity) == (State.OPEN, None, CRITICAL)
    assert plain.kinds()[-2:] == [EntryKind.REOPENED, EntryKind.RELEASED]


def test_sentry_79073_a_regression_after_the_time_is_a_new_incident_that_knows_the_old_one(
    plain: Field,
) -> None:
    plain.says(CRITICAL)
    plain.says(OK)
    plain.later(minutes=31)
    plain.says(CRITICAL)
    assert plain.numbers() == [2]
    assert plain.kinds(2) == [EntryKind.OPENED]
    assert linked(plain, 2) == [("1", Relation.RECURRENCE)]


def test_alertmanager_1063_each_time_it_comes_back_it_is_told(plain: Field) -> None:
    plain.comes_and_goes(2)
    plain.says(CRITICAL)
    assert plain.kinds().count(EntryKind.REOPENED) == 2
    assert plain.incident().state is State.OPEN


def test_alertmanager_3048_what_comes_back_too_often_stays_open_until_it_is_quiet(either: Field) -> None:
    either.comes_and_goes(4)
    assert either.incident().state is State.OPEN
    assert either.entries()[-1].text == (
        "it is OK; came back 3 times within 30 min: stays open until it has been quiet for 30 min"
    )
    either.later(minutes=28)
    either.loosen()
    assert either.numbers() == [1]
    either.later(minutes=2)
    either.loosen()
    assert either.incident().state is State.RESOLVED
    assert either.entries()[-1].text == "quiet for 30 min"


def test_alertmanager_3846_while_it_is_kept_open_its_owner_keeps_it(plain: Field) -> None:
    plain.comes_and_goes(4)
    plain.takes()
    plain.comes_and_goes(5)
    found = plain.incident()
    assert (found.state, found.owner) == (State.ACKNOWLEDGED, "ana")
    assert EntryKind.RELEASED not in plain.kinds()


def test_keep_5175_what_flaps_on_ends_when_it_is_quiet_and_not_before(plain: Field) -> None:
    plain.comes_and_goes(4)
    for _ in range(8):
        plain.comes_and_goes(1, timedelta(minutes=10))
        plain.loosen()
        assert plain.numbers() == [1]
    plain.says(CRITICAL)
    plain.later(hours=1)
    plain.loosen()
    assert plain.numbers() == [1], "it fails now, so it is not quiet"
    plain.says(OK)
    plain.later(minutes=31)
    plain.loosen()
    assert plain.numbers() == []


def test_keep_5115_what_came_back_long_ago_does_not_count(plain: Field) -> None:
    plain.comes_and_goes(3)
    plain.later(minutes=29)
    plain.comes_and_goes(2)
    assert plain.kinds().count(EntryKind.REOPENED) == 4
    assert plain.incident().state is State.RESOLVED


# Worse.


def test_an_acknowledgement_covers_what_is_as_bad_or_better(plain: Field) -> None:
    plain.says(CRITICAL)
    plain.takes()
    for status in (WARNING, CRITICAL, UNKNOWN, CRITICAL):
        plain.later(minutes=1)
        plain.says(status)
        if status is WARNING:
            assert plain.incident().severity is WARNING
        if status is CRITICAL and plain.incident().state is State.OPEN:
            plain.takes()
    with plain.store.read() as connection:
        released = rows.entries_of(connection, 1, [EntryKind.RELEASED])
    assert len(released) == 1, "only where it rose from WARNING to CRITICAL"
    assert plain.incident().owner == "ana"


def test_what_gets_worse_is_open_to_everybody_and_its_owner_watches(either: Field) -> None:
    either.says(WARNING)
    either.takes()
    either.says(CRITICAL)
    found = either.incident()
    assert (found.state, found.owner, found.severity) == (State.OPEN, None, CRITICAL)
    released = either.entries()[-2]
    assert (released.kind, released.author) == (EntryKind.RELEASED, "lexops")
    assert released.data == {"owner": "ana"} and released.text == "it is CRITICAL now and was WARNING"
    with either.store.read() as connection:
        assert watchers.watchers(connection, 1) == ("ana",)


def test_what_waits_and_gets_worse_waits_no_longer(plain: Field) -> None:
    plain.says(WARNING)
    plain.takes()
    with plain.store.begin() as connection:
        incidents.pause(connection, 1, plain.now, "ana", "for the client", plain.now)
    plain.later(minutes=1)
    plain.says(CRITICAL)
    assert plain.incident().state is State.OPEN
    assert [EntryKind.RESUMED, EntryKind.RELEASED] == plain.kinds()[-3:-1]


def test_the_priority_rises_with_the_severity_until_somebody_says_what_it_is(plain: Field) -> None:
    plain.says(WARNING)
    plain.says(CRITICAL)
    assert plain.incident().priority is Priority.P2
    plain.says(WARNING)
    assert plain.incident().priority is Priority.P2, "it never falls by itself"
    plain.says(WARNING, check="other")
    with plain.store.begin() as connection:
        incidents.classify(connection, 2, plain.now, "ana", {"priority": "P4"}, "nobody uses it")
    plain.says(CRITICAL, check="other")
    assert plain.incident(2).priority is Priority.P4


def test_who_took_a_p3_has_not_taken_a_p1_unless_it_is_they_who_say_so(plain: Field) -> None:
    plain.says(WARNING)
    plain.takes()
    with plain.store.begin() as connection:
        incidents.classify(connection, 1, plain.now, "ana", {"priority": "P2"}, "")
        assert incidents.get(connection, 1).owner == "ana"
        incidents.classify(connection, 1, plain.now, "mia", {"priority": "P1"}, "many clients")
        found = incidents.get(connection, 1)
    assert (found.state, found.owner) == (State.OPEN, None)
    assert plain.entries()[-1].text == "it is P1 now and was P2 when ana took it"
    plain.takes("bo")
    with plain.store.begin() as connection:
        incidents.classify(connection, 1, plain.now, "mia", {"priority": "P3"}, "it is less")
        assert incidents.get(connection, 1).owner == "bo"


def test_incidentrelay_71_a_child_of_the_same_priority_changes_nothing_for_whoever_took_the_parent(
    plain: Field,
) -> None:
    plain.says(CRITICAL)
    plain.takes()
    before = plain.entries()
    plain.later(minutes=1)
    plain.says(CRITICAL, check="c.d")
    assert plain.parents() == {1: None, 2: 1}
    assert plain.entries() == before
    assert (plain.incident().state, plain.incident().owner) == (State.ACKNOWLEDGED, "ana")


# Ended by hand.


def test_keep_2481_what_was_resolved_and_gets_worse_is_told(plain: Field) -> None:
    plain.says(WARNING)
    plain.resolves()
    plain.later(hours=1)
    plain.says(CRITICAL)
    assert plain.numbers() == [2]


def test_keep_2481_what_was_resolved_and_still_fails_is_open_again(either: Field) -> None:
    either.says(CRITICAL)
    either.takes()
    either.resolves()
    either.later(minutes=29)
    either.looks(CRITICAL)
    either.loosen()
    assert either.numbers() == [], "there is time to see that it is mended"
    either.later(minutes=1)
    either.loosen()
    assert either.numbers() == [1]
    assert either.entries()[-1].text == "it still fails: it is CRITICAL"
    assert either.incident().owner == "ana"
    either.loosen()
    assert either.kinds().count(EntryKind.REOPENED) == 1


HOSTED = """
[targets.hosted]
kind = "sqlite"
url = "sqlite:///hosted.sqlite"
provider = "vendor"
[providers.vendor]
title = "Vendor"
"""


def test_what_a_duplicate_hid_is_a_new_incident_with_its_provider_and_in_its_place(
    quick: Store, tmp_path: Path
) -> None:
    at = Field(quick, site_file(tmp_path, HOSTED))
    at.says(WARNING, "hosted")
    with at.store.begin() as connection:
        incidents.open_by_hand(connection, "k", "It is slow", WARNING, at.now, "ana", None)
        joining.duplicate(connection, 1, 2, at.now, "ana", "the same")
    at.resolves(2)
    at.later(hours=1)
    at.looks(WARNING, "hosted")
    at.says(CRITICAL, "hosted", UP)
    at.later(minutes=1)
    at.loosen()
    assert at.parents() == {3: None, 4: 3}
    assert [at.incident(n).provider for n in (3, 4)] == ["vendor", "vendor"]


def test_what_was_resolved_and_was_not_looked_at_since_is_not_said_to_fail(plain: Field) -> None:
    plain.says(CRITICAL)
    plain.later(minutes=1)
    plain.resolves()
    plain.later(hours=2)
    plain.loosen()
    assert plain.numbers() == []


def test_what_was_cancelled_as_no_fault_stays_cancelled_until_it_changes(plain: Field) -> None:
    plain.says(WARNING)
    with plain.store.begin() as connection:
        incidents.cancel(connection, 1, plain.now, "ana", "it is meant to be so")
    plain.later(hours=1)
    plain.looks(WARNING)
    plain.loosen()
    assert plain.numbers() == []
    plain.says(CRITICAL)
    assert plain.numbers() == [2] and linked(plain, 2) == []


def test_oncall_3161_taking_it_a_moment_after_it_recovered_does_not_open_it_again(plain: Field) -> None:
    plain.says(CRITICAL)
    plain.says(OK)
    with pytest.raises(Refused, match="incident #1 is resolved"):
        plain.takes()
    assert plain.incident().state is State.RESOLVED
    assert plain.incident().owner is None


# Called off.


@pytest.mark.parametrize("end", ["take", "recover", "resolve", "cancel", "wait", "group"])
def test_whoever_takes_or_ends_it_calls_off_the_pages_and_no_notices(plain: Field, end: str) -> None:
    plain.says(CRITICAL)
    plain.says(CRITICAL, "other")
    with plain.store.begin() as connection:
        for urgency in Urgency:
            who = Recipient.parse("operator:ana")
            values = {"incident": "1"}
            now = plain.now
            outbox.put(
                connection, Message(urgency.value, "incident/1", who, "page", values, urgency, now, now)
            )
    if end == "recover":
        plain.says(OK)
    with plain.store.begin() as connection:
        match end:
            case "take":
                incidents.acknowledge(connection, 1, plain.now, "ana")
            case "resolve":
                incidents.resolve(connection, 1, plain.now, "ana", "done")
            case "cancel":
                incidents.cancel(connection, 1, plain.now, "ana", "none")
            case "wait":
                incidents.pause(connection, 1, plain.now, "ana", "client", plain.now)
            case "group":
                groups.group(connection, 1, 2, plain.now, "ana", "")
        left = {each.key: each.state for each in outbox.messages(connection, subject="incident/1")}
    assert left == {"page": Sent.CANCELLED, "notice": Sent.WAITING}


# Duplicates.


def test_results_of_a_duplicates_check_are_written_into_the_original(plain: Field) -> None:
    plain.says(WARNING)
    plain.says(WARNING, "other")
    plain.takes()
    with plain.store.begin() as connection:
        joining.duplicate(connection, 2, 1, plain.now, "bo", "the same disk")
    plain.says(CRITICAL, "other")
    found = plain.incident()
    assert plain.numbers() == [1]
    assert (found.severity, found.state) == (CRITICAL, State.OPEN)
    assert plain.entries()[-2].text == "other/a.b CRITICAL: it is CRITICAL"
    plain.says(OK, "other")
    assert plain.entries()[-1].text == "other/a.b is well again"
    assert plain.numbers() == [1]


def test_keep_2481_a_duplicate_does_not_hide_a_failure_that_outlives_the_original(either: Field) -> None:
    either.says(WARNING)
    either.says(WARNING, "other")
    with either.store.begin() as connection:
        joining.duplicate(connection, 2, 1, either.now, "bo", "")
    either.says(OK)
    either.later(minutes=30)
    either.looks(WARNING, "other")
    either.loosen()
    assert either.numbers() == [3]
    assert linked(either, 3) == [("1", Relation.RECURRENCE)]
    assert either.incident(3).target == "other"


def test_a_duplicate_of_a_duplicate_is_followed_to_the_end(plain: Field) -> None:
    for target in ("db", "other", "trial"):
        plain.says(WARNING, target)
    with plain.store.begin() as connection:
        joining.duplicate(connection, 3, 2, plain.now, "bo", "")
        joining.duplicate(connection, 2, 1, plain.now, "bo", "")
        with pytest.raises(Refused, match="incident #2 is cancelled") as refused:
            joining.duplicate(connection, 1, 2, plain.now, "bo", "")
        assert refused.value.hint == "it is a duplicate of #1"
    plain.says(CRITICAL, "trial")
    assert plain.entries()[-1].text == "trial/a.b CRITICAL: it is CRITICAL"


def test_a_circle_in_the_links_of_a_damaged_store_ends(plain: Field) -> None:
    plain.says(WARNING)
    plain.says(WARNING, "other")
    with plain.store.begin() as connection:
        joining.duplicate(connection, 2, 1, plain.now, "bo", "")
        incidents.cancel(connection, 1, plain.now, "bo", "")
        links.add(connection, Link(1, LinkKind.INCIDENT, "2", Relation.DUPLICATE, plain.now, "x"))
        assert joining.original(connection, incidents.get(connection, 2)) is None


# Off.


def test_without_the_settings_everything_is_an_incident_of_its_own(quick: Store, tmp_path: Path) -> None:
    off = Field(quick, site_file(tmp_path, 'group = "0s"\nreopen_within = "0s"'))
    off.says(CRITICAL)
    off.says(CRITICAL, check=UP)
    off.says(CRITICAL, check="c.d")
    assert off.parents() == {1: None, 2: None, 3: None}
    off.says(OK)
    off.says(CRITICAL)
    assert off.numbers() == [2, 3, 4]
