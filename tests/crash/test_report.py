"""What is sent, where, and how often."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sentry_sdk.envelope import Envelope
from sentry_sdk.utils import Dsn

from lexops import crash
from lexops.crash.envelope import PATIENCE, Destination, destination, envelope
from lexops.crash.fault import Crash, Fault, Place
from lexops.crash.keeping import FAREWELL, MOST, Reports
from tests.clock import ManualClock
from tests.crash.receiver import KEY, Receiver, receiving
from tests.waiting import until

PAGE = Path(__file__).parents[2] / "docs" / "crash-reports.md"
CRASH = Crash(
    "9f0c21ab5d1e4c0b8f7a63d2e4519c08",
    datetime(2026, 11, 21, 14, 2, 9, tzinfo=UTC),
    (
        Fault("builtins", "KeyError", (Place("lexops.worker.loop", "Worker.turn", 160),)),
        Fault("sqlalchemy.exc", "OperationalError", (Place("lexops.store.database", "Store.begin", 99),)),
    ),
)


@pytest.fixture(autouse=True)
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("LEXOPS_LOG", str(tmp_path / "log"))
    # What is to arrive arrives on a busy machine, too.
    monkeypatch.setattr("lexops.crash.envelope.PATIENCE", 60.0)
    monkeypatch.setattr("lexops.crash.keeping.FAREWELL", 60.0)
    yield tmp_path / "log"
    crash.configure(None)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def logged(log: Path, text: str) -> str:
    until(lambda: log.exists() and text in log.read_text(), f"{text!r} was not logged")
    return log.read_text()


def test_the_page_shows_a_report_byte_by_byte() -> None:
    (shown,) = re.findall(r"```text\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert shown.encode() == envelope(CRASH, "0.1.0", "3.11.9")


def test_sentrys_own_reader_understands_a_report() -> None:
    read = Envelope.deserialize(envelope(CRASH))
    assert read.headers == {"event_id": CRASH.id}
    (item,) = read.items
    event = item.get_event()
    assert event is not None
    assert set(event) == {
        "event_id",
        "timestamp",
        "platform",
        "level",
        "release",
        "contexts",
        "tags",
        "exception",
    }
    assert [value["type"] for value in event["exception"]["values"]] == ["OperationalError", "KeyError"]


@pytest.mark.parametrize(
    "dsn", [f"https://{KEY}@sentry.example.com/42", f"https://{KEY}@sentry.example.com:8443/errors/7"]
)
def test_a_dsn_leads_where_sentrys_own_client_would_go(dsn: str) -> None:
    theirs = Dsn(dsn).to_auth()
    ours = destination(dsn, "sentry.example.com")
    port = "" if ours.port == 443 else f":{ours.port}"
    assert f"https://{ours.host}{port}{ours.path}" == theirs.get_api_url()
    assert ours.key == theirs.public_key


def test_the_host_is_compared_without_case() -> None:
    found = destination(f"https://{KEY}@Sentry.Example.com/1", "sentry.example.COM")
    assert found == Destination(True, "sentry.example.com", 443, "/api/1/envelope/", KEY)


@pytest.mark.parametrize(
    ("dsn", "reason"),
    [
        (f"https://{KEY}@sentry.example.org/1", "another host"),
        (f"https://{KEY}@sentry.example.com.evil.org/1", "another host"),
        (f"https://sentry.example.com:{KEY}@evil.org/1", "another host|form"),
        (f"https://{KEY}@evil.org\\@sentry.example.com/1", "another host|form"),
        (f"http://{KEY}@sentry.example.com/1", "https://"),
        (f"ftp://{KEY}@sentry.example.com/1", "form"),
        ("https://sentry.example.com/1", "form"),
        (f"https://{KEY}@sentry.example.com/", "form"),
        (f"https://{KEY}%0d%0a@sentry.example.com/1", "form"),
        (f"https://{KEY}@sentry.example.com:{KEY}/1", "form"),
        (f"https://{KEY}@[::1/1", "form"),
        (KEY, "form"),
        ("", "form"),
    ],
)
def test_a_dsn_that_does_not_fit_is_refused_without_quoting_it(dsn: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as refused:
        destination(dsn, "sentry.example.com")
    assert KEY not in str(refused.value)


def test_a_crash_is_logged_and_sent_under_one_reference(receiver: Receiver, log: Path) -> None:
    crash.configure(lambda: receiver.dsn, "127.0.0.1")
    reference = crash.keep(ValueError("geheim"))
    text = logged(log, f"report {reference} sent to 127.0.0.1")
    (sent,) = receiver.received
    assert sent.event["tags"] == {"reference": reference}
    assert sent.event["event_id"].startswith(reference.lower())
    assert "builtins.ValueError" in text and "geheim" not in text


def test_the_same_exception_is_logged_and_sent_once(receiver: Receiver, log: Path) -> None:
    crash.configure(lambda: receiver.dsn, "127.0.0.1")
    error = ValueError()
    first = crash.keep(error)
    logged(log, "sent to")
    assert crash.keep(error) == first
    assert crash.keep(ValueError()) != first
    logged(log, "ValueError\n\n")
    assert log.read_text().count(f"{first} lexops") == 1


def test_a_report_that_cannot_be_sent_says_why_in_the_log(log: Path) -> None:
    def fail() -> str:
        raise LookupError("geheim")

    crash.configure(fail, "127.0.0.1")
    crash.keep(ValueError())
    assert "geheim" not in logged(log, "not sent: LookupError")


def test_keeping_does_not_wait_for_a_server(receiver: Receiver, log: Path) -> None:
    receiver.may_answer.clear()
    crash.configure(lambda: receiver.dsn, "127.0.0.1")
    started = time.monotonic()
    crash.keep(ValueError())
    assert time.monotonic() - started < 60
    assert "sent" not in log.read_text()
    receiver.may_answer.set()
    logged(log, "sent to 127.0.0.1")


def test_a_server_that_does_not_answer_is_given_up(
    receiver: Receiver, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lexops.crash.envelope.PATIENCE", PATIENCE)
    receiver.may_answer.clear()
    crash.configure(lambda: receiver.dsn, "127.0.0.1")
    crash.keep(ValueError())
    logged(log, "not sent: TimeoutError")


def test_a_program_that_ends_waits_two_seconds_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lexops.crash.keeping.FAREWELL", FAREWELL)
    answer = threading.Event()

    def slow() -> str:
        answer.wait(120)
        return ""

    reports = Reports(slow, "127.0.0.1")
    assert reports.offer(CRASH) and reports.offer(CRASH)
    started = time.monotonic()
    reports.finish()
    assert 1.9 < time.monotonic() - started < 60
    answer.set()
    reports.finish()


def test_nothing_is_sent_when_no_dsn_is_configured(receiver: Receiver, log: Path) -> None:
    crash.configure(lambda: receiver.dsn, "127.0.0.1")
    crash.configure(None)
    crash.keep(ValueError())
    assert "sent" not in log.read_text()
    assert receiver.received == []


def test_ten_a_minute_are_sent(receiver: Receiver, clock: ManualClock, log: Path) -> None:
    reports = Reports(lambda: receiver.dsn, "127.0.0.1", clock.monotonic)
    for count in range(MOST):
        clock.advance(seconds=1)
        assert reports.offer(CRASH), count
        reports.finish()
    assert not reports.offer(CRASH)
    clock.advance(seconds=50.9)
    assert not reports.offer(CRASH)
    clock.advance(seconds=0.1)
    assert reports.offer(CRASH)
    assert not reports.offer(CRASH)
    reports.finish()
    assert len(receiver.received) == MOST + 1


def test_what_is_not_sent_for_its_number_is_logged(receiver: Receiver, log: Path) -> None:
    crash.configure(lambda: receiver.dsn, "127.0.0.1")
    for _ in range(MOST + 1):
        reference = crash.keep(ValueError())
    assert f"report {reference} not sent: enough were sent lately" in log.read_text()
    for _ in range(MOST):
        logged(log, "sent to")


def test_a_log_that_cannot_be_written_hinders_nobody(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("LEXOPS_LOG", str(tmp_path / "file" / "log"))
    crash.configure(lambda: receiver.dsn, "127.0.0.1")
    assert re.fullmatch("[0-9A-F]{8}", crash.keep(ValueError()))
    until(lambda: receiver.received)
