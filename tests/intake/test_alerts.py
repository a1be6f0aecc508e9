"""Alerts of other monitoring systems: read strictly, taken once, ended with their incident."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lexops.checks.model import Status
from lexops.config import SiteFile
from lexops.errors import InvalidRequest
from lexops.incidents import links
from lexops.incidents import store as incidents
from lexops.incidents.model import Origin, Priority, Relation, State
from lexops.intake import alerts
from lexops.intake.alertmanager import parse, target_of
from lexops.intake.model import Alert
from lexops.store.database import Store
from tests.clock import START, ManualClock
from tests.intake.helping import every, site, timeline, told


def alert(
    status: str = "firing", since: timedelta = timedelta(), *, severity: str = "critical", **more: Any
) -> dict[str, Any]:
    return {
        "status": status,
        "labels": {"alertname": "Down", "severity": severity, "instance": "billing-db:9187"},
        "annotations": {"summary": "billing-db is down", "description": "no answer for 5 min"},
        "startsAt": (START + since).isoformat().replace("+00:00", ".123456789Z"),
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": "1a30ba71cca2921f",
    } | more


def body(*found: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"version": "4", "status": "firing", "alerts": list(found)} | more).encode()


@pytest.fixture
def file(tmp_path: Path) -> SiteFile:
    return site(tmp_path)


def post(store: Store, file: SiteFile, clock: ManualClock, *found: dict[str, Any]) -> int:
    with store.begin() as connection:
        taking = alerts.portions(parse(body(*found)))
        return sum(alerts.take(connection, file, portion, clock.now()) for portion in taking)


def test_an_alert_is_read_with_nine_digits_after_the_second() -> None:
    (found,) = parse(body(alert(), truncatedAlerts=3)).alerts
    assert found.starts == START + timedelta(microseconds=123456)
    assert (found.firing, found.severity, found.title) == (True, Status.CRITICAL, "billing-db is down")
    assert found.ends is None
    assert parse(body(truncatedAlerts=3)).truncated == 3


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\xff", "the body is not JSON"),
        (b"[" * 100_000, "the body is not JSON"),
        (b"[]", "the body is no JSON object"),
        (b'{"version": "3"}', "version: '3' is not \"4\""),
        (body(alerts={}), "alerts: is no list"),
        (body(alerts=[1]), "alerts[0]: is no JSON object"),
        (body(alert(status="x")), "alerts[0].status: 'x' is neither firing nor resolved"),
        (body(alert(startsAt="now")), "alerts[0].startsAt: 'now' is no time"),
        (body(alert(startsAt="2026-03-02T09:00:00")), "alerts[0].startsAt: '2026-03-02T09:00:00' is no time"),
        (body(alert(startsAt="9999-12-31T23:59:59-14:00")), "is no time"),
        (body(alert(labels={"a": 1})), "alerts[0].labels: is no object of texts"),
        (body(alert(fingerprint="x y")), "alerts[0].fingerprint: 'x y' is none"),
        (body(alerts=[{}] * 5001), "alerts: 5,001 are more than 5,000"),
        (body(truncatedAlerts="x"), "truncatedAlerts: is no number"),
        (body(truncatedAlerts=True), "truncatedAlerts: is no number"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(raw: bytes, reason: str) -> None:
    try:
        delivery = parse(raw)
    except InvalidRequest as error:
        assert reason in str(error)
    else:
        (refused,) = delivery.refused
        assert (reason in refused, delivery.alerts) == (True, ())


def test_an_alert_that_does_not_fit_takes_no_other_with_it() -> None:
    delivery = parse(body(alert(startsAt="now"), alert(), 1))
    assert [each.title for each in delivery.alerts] == ["billing-db is down"]
    assert delivery.refused == (
        "alerts[0].startsAt: 'now' is no time",
        "alerts[2]: is no JSON object",
    )


STRANGE = [
    None,
    True,
    -1,
    10**30,
    1.5,
    "",
    "\x00\x1b[31m",
    "\ud800",
    "x" * 5_000,
    [],
    {},
    [[]],
    {"a": "\x07"},
]


def test_ten_thousand_broken_requests_stop_nobody() -> None:
    """Broken in their bytes, and in what stands in them: each alert is taken or refused, and none is lost."""
    chance = random.Random(11)
    kinds = set()
    for _ in range(10_000):
        sent = [alert(), alert("resolved"), alert(values={"B": 44.2})]
        for _ in range(chance.randint(1, 3)):
            broken = chance.choice(sent)
            key = chance.choice([*broken, "endsAt", "summary"])
            within = broken[key] if isinstance(broken.get(key), dict) and chance.random() < 0.7 else broken
            name = chance.choice([*within, "alertname", "\x1b", "\udfff"]) if within is not broken else key
            within[name] = deepcopy(chance.choice(STRANGE))
        raw = bytearray(body(*sent))
        if chance.random() < 0.2:
            at = chance.randrange(len(raw))
            raw[at : at + chance.randint(0, 5)] = chance.randbytes(2)
        try:
            found = parse(bytes(raw))
        except InvalidRequest as error:
            kinds.add("none")
            assert str(error).isprintable()
            continue
        kinds.add("some" if found.refused else "all")
        assert len(found.alerts) + len(found.refused) == len(json.loads(raw)["alerts"])
        assert all(each.isprintable() for each in found.refused)
        for each in found.alerts:
            said = [each.title, each.fingerprint, each.text.replace("\n", ""), *each.labels]
            assert all(word.isprintable() and word.encode() for word in said if word)
    assert kinds == {"none", "some", "all"}


def test_grafana_sends_the_same_under_a_version_of_its_own() -> None:
    sent = alert(startsAt="2021-10-12T09:51:03.157076+02:00", values={"B": 44.2}, dashboardURL="")
    (found,) = parse(body(sent, version="1", orgId=1, title="[FIRING:1]", state="alerting")).alerts
    assert (found.firing, found.title, found.starts.hour) == (True, "billing-db is down", 7)


def test_an_alert_without_a_fingerprint_is_known_by_its_labels() -> None:
    one, same = parse(body(alert(fingerprint=""), alert(fingerprint=None))).alerts
    assert one.fingerprint == same.fingerprint != ""


def test_a_target_is_found_by_label_or_by_the_host_of_the_instance() -> None:
    def named(**labels: str) -> Alert:
        return Alert("x", True, "x", "x", Status.WARNING, False, START, None, labels)

    targets = {"billing-db": object(), "10.0.0.5": object()}
    assert target_of(named(target="billing-db"), targets) == "billing-db"
    assert target_of(named(instance="billing-db.firm.example:9187"), targets) == "billing-db"
    assert target_of(named(instance="https://10.0.0.5:443/x"), targets) == "10.0.0.5"
    assert target_of(named(instance="other:1", job="billing-db"), targets) is None


def test_a_firing_alert_is_an_incident_and_told_again_it_is_the_same(
    store: Store, file: SiteFile, clock: ManualClock
) -> None:
    assert [post(store, file, clock, alert()) for _ in range(3)] == [1, 0, 0]
    (found,) = every(store)
    assert (found.title, found.severity, found.target) == (
        "billing-db is down",
        Status.CRITICAL,
        "billing-db",
    )
    assert (found.origin, found.queue, found.check) == (Origin.ALERT, "desk", None)
    assert told(store, 1) == [("opened", "alertmanager", "no answer for 5 min")]


def test_what_is_only_information_has_the_lowest_priority(
    lite: Store, file: SiteFile, clock: ManualClock
) -> None:
    post(lite, file, clock, alert(severity="info"))
    assert [(each.severity, each.priority) for each in every(lite)] == [(Status.WARNING, Priority.P4)]


def test_a_resolved_alert_ends_its_incident_once(store: Store, file: SiteFile, clock: ManualClock) -> None:
    post(store, file, clock, alert())
    clock.advance(minutes=5)
    assert [post(store, file, clock, alert("resolved")) for _ in range(2)] == [1, 0]
    assert [each.state for each in every(store)] == [State.RESOLVED]
    assert [kind for kind, _, _ in told(store, 1)] == ["opened", "recovered", "resolved"]


def test_what_is_resolved_before_it_was_told_of_opens_nothing(
    lite: Store, file: SiteFile, clock: ManualClock
) -> None:
    post(lite, file, clock, alert("resolved"))
    post(lite, file, clock, alert())
    assert every(lite) == []
    post(lite, file, clock, alert(since=timedelta(hours=1)), alert("resolved", timedelta(hours=1)))
    assert [each.state for each in every(lite)] == [State.RESOLVED]


def test_keep_2481_a_resolved_incident_swallows_no_new_alert(
    lite: Store, file: SiteFile, clock: ManualClock
) -> None:
    post(lite, file, clock, alert())
    post(lite, file, clock, alert("resolved"))
    clock.advance(minutes=10)
    post(lite, file, clock, alert(since=timedelta(minutes=10)))
    assert [(each.id, each.state) for each in every(lite)] == [(1, State.OPEN)]
    post(lite, file, clock, alert("resolved", timedelta(minutes=10)))
    clock.advance(minutes=31)
    post(lite, file, clock, alert(since=timedelta(minutes=41)))
    assert [(each.id, each.state) for each in every(lite)] == [(1, State.RESOLVED), (2, State.OPEN)]
    with lite.read() as connection:
        (link,) = links.links(connection, 2)
    assert (link.ref, link.relation) == ("1", Relation.RECURRENCE)


def test_an_end_told_late_does_not_end_what_fires_since(
    lite: Store, file: SiteFile, clock: ManualClock
) -> None:
    post(lite, file, clock, alert())
    post(lite, file, clock, alert(since=timedelta(minutes=5)))
    post(lite, file, clock, alert("resolved"))
    assert [each.state for each in every(lite)] == [State.OPEN]
    post(lite, file, clock, alert("resolved", timedelta(minutes=5)))
    assert [each.state for each in every(lite)] == [State.RESOLVED]


def test_an_end_that_is_never_told_holds_back_none_that_comes_after_it(
    lite: Store, file: SiteFile, clock: ManualClock
) -> None:
    post(lite, file, clock, alert())
    for minutes in (5, 10):
        since = timedelta(minutes=minutes)
        post(lite, file, clock, alert(since=since))
        assert [each.state for each in every(lite)] == [State.OPEN]
        post(lite, file, clock, alert("resolved", since))
        assert [each.state for each in every(lite)] == [State.RESOLVED]


def test_what_a_person_opened_again_is_not_resolved_by_an_alert(
    lite: Store, file: SiteFile, clock: ManualClock
) -> None:
    post(lite, file, clock, alert())
    with lite.begin() as connection:
        incidents.resolve(connection, 1, clock.now(), "ana", "restarted")
        incidents.reopen(connection, 1, clock.now(), "ana", "not over")
    post(lite, file, clock, alert("resolved"))
    assert [each.state for each in every(lite)] == [State.OPEN]
    assert timeline(lite, 1)[-1].kind.value == "recovered"


def test_a_site_that_resolves_by_hand_is_only_told_of_the_recovery(
    lite: Store, tmp_path: Path, clock: ManualClock
) -> None:
    file = site(tmp_path, "[incidents]\nresolve_on_recovery = false\n")
    post(lite, file, clock, alert(), alert("resolved"))
    assert [each.state for each in every(lite)] == [State.OPEN]
    assert [kind for kind, _, _ in told(lite, 1)] == ["opened", "recovered"]


def test_many_alerts_in_one_request_are_all_or_nothing_and_each_its_own(
    store: Store, file: SiteFile, clock: ManualClock
) -> None:
    many = [alert(fingerprint=f"{n:016x}", severity="warning") for n in range(50)]
    assert post(store, file, clock, *many, *many) == 50
    assert len(every(store)) == 50
    assert {each.opened for each in every(store)} == {clock.now()}
    assert datetime(1, 1, 1, tzinfo=UTC) < START
