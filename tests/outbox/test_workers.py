"""Several workers, threads that hang, a store that goes away, a process that is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from lexops.errors import StoreError
from lexops.outbox.channels import Undelivered
from lexops.outbox.dispatch import Dispatcher
from lexops.outbox.model import State
from tests.clock import ManualClock
from tests.outbox.helping import CHANNELS, Delivery, Post, fresh_store, notice, page
from tests.waiting import PATIENCE, until

ROOT = Path(__file__).parents[2]


def test_two_workers_at_once_send_everything_once(post_on_each: Post) -> None:
    post = post_on_each
    post.contacts(("ops", ""))
    post.put(*(page(f"p{n}", subject=f"incident/{n}") for n in range(20)))
    post.put(*(notice(f"n{n}") for n in range(10)))
    post.clock.advance(minutes=2)
    workers = [post.another(f"host/{n}/x", threads=4) for n in range(2)]

    def work(worker: Dispatcher) -> None:
        for _ in range(2):
            worker.turn()
            assert worker.wait(60)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, workers))
        post.clock.advance(minutes=2)  # the notices had to leave room for pages
        list(pool.map(work, workers))
    sent = Counter(key for each in post.room.tried for key in each.messages)
    assert set(sent.values()) == {1} and len(sent) == 30
    assert all(post.find(key).message.state is State.DELIVERED for key in sent)


@pytest.fixture
def unhurried(tmp_path: Path, clock: ManualClock) -> Iterator[Post]:
    """An outbox whose channels may hang for as long as a busy machine takes to look at it."""
    store = fresh_store(tmp_path)
    yield Post(store, tmp_path, clock, CHANNELS.replace("kind", f'timeout = "{PATIENCE:g}s"\nkind'))
    store.close()


def test_a_channel_that_hangs_delays_no_other_and_no_turn(unhurried: Post) -> None:
    post, leave = unhurried, threading.Event()
    post.room.says["pager"] = lambda _: (leave.wait(PATIENCE), None)[1]
    post.contacts(("pager", ""))
    worker = post.another(threads=8)
    post.put(*(page(f"hang{n}", subject=f"incident/{n}") for n in range(12)))
    worker.turn()
    until(lambda: len(post.room.tried) >= 2)
    post.contacts(("mail", "ana@firm.example"))
    post.put(page("other", subject="incident/99"))
    begun = time.monotonic()
    worker.turn()
    until(lambda: any(each.key == "other" for each in post.room.taken))
    assert time.monotonic() - begun < PATIENCE
    leave.set()
    worker.turn()
    assert worker.wait(60)


def test_nothing_is_claimed_ahead_of_its_sending(unhurried: Post) -> None:
    """So that what is acknowledged while a channel is slow is not sent by it later."""
    post, leave = unhurried, threading.Event()
    post.contacts(("mail", "ana@firm.example"))
    post.room.says["mail"] = lambda _: (leave.wait(PATIENCE), None)[1]
    worker = post.another(threads=4)
    post.put(*(page(f"p{n:02}", subject="incident/41") for n in range(12)))
    worker.turn()
    until(lambda: len(post.room.tried) == 2)
    states = Counter(post.find(f"p{n:02}").message.state for n in range(12))
    assert states == {State.SENDING: 2, State.WAITING: 10}
    post.cancel()
    leave.set()
    assert worker.wait(60)
    assert len(post.room.tried) == 2


def test_speedtest_2680_after_a_timeout_it_is_the_same_message_to_the_service(post: Post) -> None:
    """There the retry after a timeout sent everything twice."""

    def takes_it_and_hangs(delivery: Delivery) -> None:
        post.room.works("mail")
        raise Undelivered("no answer within 10 s", retry=True)

    post.room.says["mail"] = takes_it_and_hangs
    post.put(page("a"), *(notice(f"n{n}") for n in range(3)))
    post.run(120, 20)
    assert [each.key for each in post.room.tried if each.messages == ["a"]] == ["a", "a"]

    post.room.says["mail"] = takes_it_and_hangs
    now = post.clock.now()
    post.put(*(notice(f"m{n}", created=now, due=now) for n in range(3)))
    before = len(post.room.tried)
    post.run(120, 20)
    first, again = post.room.tried[before:]
    assert first.messages == again.messages and first.key == again.key


def test_a_worker_killed_after_the_sending_leaves_it_to_another_under_the_same_key(tmp_path: Path) -> None:
    """It cannot be known whether it arrived: at least once, and a service that knows keys shows it once."""
    post = Post(fresh_store(tmp_path), tmp_path, ManualClock())
    post.contacts(("mail", "ana@firm.example"))
    post.put(page())
    command = [sys.executable, "-m", "tests.outbox.killed", str(tmp_path)]
    assert subprocess.run(command, cwd=ROOT, timeout=60).returncode == -signal.SIGKILL
    assert (tmp_path / "sent").read_text().split() == ["k"]
    assert post.find("k").message.state is State.SENDING
    assert [each.key for each in post.run(72)] == ["k"]
    assert post.find("k").message.state is State.DELIVERED


def test_what_was_sent_while_the_store_was_away_is_written_down_later_and_not_sent_again(post: Post) -> None:
    def store_goes_away(_: Delivery) -> None:
        _rename(post, "outbox_attempt", "away")

    post.room.says["mail"] = store_goes_away
    post.put(page())
    post.dispatcher.turn()
    post.room.works("mail")
    assert len(post.room.taken) == 1
    with pytest.raises(StoreError):
        post.turn(seconds=1)
    _rename(post, "away", "outbox_attempt")
    post.run(120, 20)
    assert len(post.room.taken) == 1
    found = post.find("k")
    assert found.message.state is State.DELIVERED and len(found.attempts) == 1


def _rename(post: Post, old: str, new: str) -> None:
    with post.store.begin() as connection:
        connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


def test_a_store_that_is_away_before_the_sending_sends_nothing(post: Post) -> None:
    post.put(page())
    _rename(post, "outbox_message", "away")
    with pytest.raises(StoreError):
        post.turn()
    _rename(post, "away", "outbox_message")
    assert [each.key for each in post.turn(seconds=1)] == ["k"]


def test_a_fault_in_a_library_is_a_failed_attempt_and_tells_only_its_kind(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(_: Delivery) -> None:
        raise KeyError("canary-secret")

    post.room.says["mail"] = breaks
    post.put(page())
    post.turn()
    found = post.find("k")
    assert found.message.state is State.WAITING and found.attempts[0].detail == "it failed: KeyError"
    assert "canary" not in caplog.text and "KeyError" in caplog.text


def test_a_secret_that_cannot_be_read_is_told_and_the_next_contact_used(tmp_path: Path) -> None:
    text_ = '[channels.hook]\nkind = "slack"\nurl = { env = "LEXOPS_TEST_NO_SUCH" }\n'
    text_ += '[channels.ops]\nkind = "webhook"\nurl = "http://127.0.0.1:1/x"\n'
    post = Post(fresh_store(tmp_path), tmp_path, ManualClock(), text_, "attempts = 1")
    post.contacts(("hook", ""), ("ops", ""))
    post.put(page())
    worker = Dispatcher(post.store, post.file, post.clock, "me", threads=0)
    for _ in range(2):
        post.clock.advance(seconds=1)
        worker.turn()
    details = [each.detail for each in post.find("k").attempts]
    assert details[0] == "the environment variable LEXOPS_TEST_NO_SUCH is not set"
    assert details[1].startswith("the connection failed: ")


def test_one_that_does_not_come_back_is_left_behind(tmp_path: Path) -> None:
    text_ = '[channels.ops]\nkind = "webhook"\nurl = "http://127.0.0.1:1/x"\ntimeout = "0.05s"\n'
    post = Post(fresh_store(tmp_path), tmp_path, ManualClock(), text_)
    post.contacts(("ops", ""))
    leave = threading.Event()
    post.room.says["ops"] = lambda _: (leave.wait(PATIENCE), None)[1]
    worker = post.another(threads=2)
    post.put(page())
    worker.turn()
    assert worker.wait(60)
    leave.set()
    found = post.find("k")
    assert (found.message.state, found.attempts[0].detail) == (State.WAITING, "no answer within 0.05 s")


def test_a_plan_that_is_old_is_not_worked_on(unhurried: Post) -> None:
    """A worker that leaves makes no more turns: its threads begin nothing new."""
    post, leave = unhurried, threading.Event()
    post.contacts(("mail", "ana@firm.example"))
    post.room.says["mail"] = lambda _: (leave.wait(PATIENCE), None)[1]
    worker = post.another(threads=4)
    post.put(*(page(f"p{n}") for n in range(6)))
    worker.turn()
    until(lambda: len(post.room.tried) == 2)
    post.clock.advance(seconds=30)
    leave.set()
    assert worker.wait(60)
    assert len(post.room.tried) == 2
