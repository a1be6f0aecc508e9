"""The outbox and contacts on the command line, and the check that looks whether people are told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from lexops.checks.engine import observe
from lexops.checks.history import LEXOPS, History
from lexops.checks.model import Status, Verdict
from lexops.outbox import store as outbox
from lexops.outbox.model import Recipient
from lexops.outbox.operations import OPERATIONS
from lexops.outbox.sending import claim, due
from tests.cli.desk import Desk, Said, desk
from tests.clock import ManualClock
from tests.outbox.helping import CHANNELS, Post, ana, fresh_store, notice, page, site_file
from tests.shipped.looking import shipped

# Apprise loads all its plug-ins at the first use; one of them uses a module that Python is going to drop.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    for made in desk(tmp_path, capsys, *OPERATIONS):
        made.world.gate.file = site_file(tmp_path, CHANNELS)
        yield made


@pytest.fixture
def post(at: Desk) -> Post:
    """The outbox of the same site."""
    world = at.world
    made = Post(world.store, world.folder, world.clock)
    made.contacts(("mail", "ana@firm.example"), ("sms", "+41791234567"))
    return made


def ask(at: Desk, *words: str) -> Said:
    return at.run("sam", *words)


def now_page(at: Desk, key: str, **changes: object):  # type: ignore[no-untyped-def]
    return page(key, created=at.world.clock.now(), due=at.world.clock.now(), **changes)


def test_the_list_tells_what_waits_and_what_has_failed(at: Desk, post: Post) -> None:
    none = ask(at, "outbox", "list")
    assert (none.code, none.out, none.err) == (0, "", "nothing waits and nothing has failed\n")
    post.room.fails("mail", "451 later", retry=True)
    post.put(now_page(at, "k"))
    post.turn()
    waiting = ask(at, "outbox", "list")
    assert waiting.code == 0 and "waiting" in waiting.out and "mail: 451 later" in waiting.out
    post.room.fails("mail")
    post.room.fails("sms", "403 no")
    post.run(25)
    listed = ask(at, "outbox", "list")
    assert listed.code == 1
    assert listed.out.splitlines()[0].split() == ["id", "state", "age", "to", "about", "message", "what"]
    assert "failed" in listed.out and "operator:ana" in listed.out and "sms: 403 no" in listed.out
    assert ask(at, "outbox", "list", "--failed", "--json").json["messages"][0]["state"] == "failed"
    assert ask(at, "outbox", "list", "--subject", "incident/42", "--all").err == "there are no messages\n"
    ask(at, "outbox", "drop", "1", "told on the phone")
    assert ask(at, "outbox", "list").code == 0
    assert "told on the phone" in ask(at, "outbox", "list", "--all").out


def test_what_should_have_gone_long_ago_is_overdue(at: Desk, post: Post) -> None:
    post.put(now_page(at, "k"), notice("n", created=at.world.clock.now(), due=at.world.clock.now()))
    post.clock.advance(minutes=6)
    listed = ask(at, "outbox", "list")
    assert listed.code == 1 and [line.split()[1] for line in listed.out.splitlines()[1:]] == [
        "waiting",
        "overdue",
    ]


def test_a_message_is_shown_with_every_attempt_and_no_address(at: Desk, post: Post) -> None:
    post.room.fails("mail", "550 <ana@firm.example> is unknown")
    post.put(now_page(at, "k"))
    post.run(3)
    shown = ask(at, "outbox", "show", "1")
    assert shown.code == 0
    assert "failed  mail a•••@firm.example: 550 <a•••@firm.example> is unknown" in shown.out
    assert "delivered  sms +4•••67: 250 taken" in shown.out
    data = ask(at, "outbox", "show", "1", "--json").json
    assert (data["state"], [each["delivered"] for each in data["tries"]]) == ("delivered", [False, True])
    assert "ana@firm.example" not in shown.out + str(data)
    assert (ask(at, "outbox", "show", "9").code, ask(at, "outbox", "show", "9").out) == (2, "")


def test_what_a_service_said_cannot_act_on_the_terminal(at: Desk, post: Post) -> None:
    post.room.fails("mail", "550 \x1b]0;evil\x07\u202e[@click=app.quit()]")
    post.put(now_page(at, "k", values={"title": "\x1b[2J"}))
    post.turn()
    for words in (("list",), ("show", "1"), ("list", "--all")):
        said = ask(at, "outbox", *words).out
        assert not set("\x1b\x07\u202e") & set(said)


def test_contacts_are_listed_masked_and_ones_own_shown_in_full(at: Desk, post: Post) -> None:
    assert ask(at, "contact", "set", "mail sam@firm.example, pager").code == 0
    assert ask(at, "contact", "quiet", "--hours", "daily 22:00-07:00", "--zone", "Europe/Paris").code == 0
    listed = ask(at, "contact", "list")
    assert "s•••@firm.example, pager" in listed.out
    assert "a•••@firm.example" in listed.out and "nothing" in listed.out and "Europe/Paris" in listed.out
    assert "@firm.example" in listed.out and "sam@firm" not in listed.out and "ana@firm" not in listed.out
    mine, others = ask(at, "contact", "show"), ask(at, "contact", "show", "ana")
    assert "1. mail sam@firm.example" in mine.out and "quiet daily 22:00-07:00 Europe/Paris" in mine.out
    assert "1. mail a•••@firm.example" in others.out and "never quiet" in others.out
    assert ask(at, "contact", "show", "bo").out.startswith(
        "operator:bo: cannot be reached: bo has no contacts"
    )
    data = ask(at, "contact", "list", "--json").json["contacts"]
    assert {each["owner"] for each in data} >= {"operator:ana", "operator:sam", "operator:bo"}
    assert ask(at, "contact", "show", "channel:x").code == 2


def test_the_outbox_is_looked_through_before_it_matters(at: Desk, post: Post, tmp_path: Path) -> None:
    found = ask(at, "outbox", "check")
    assert found.code == 1 and "operator:bo" in found.out and "has no contacts" in found.out
    assert "last resort" in found.out
    slack = '[channels.chat]\nkind = "slack"\nurl = { env = "LEXOPS_TEST_NO_SUCH" }\n'
    (tmp_path / "phone").touch(0o600)
    (tmp_path / "phone").write_text("nosuchservice://x\n")
    slack += f'[channels.phone]\nkind = "apprise"\nurl = {{ file = "{tmp_path / "phone"}" }}\n'
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "page.txt").write_text("Subject: $clinet\nShort: x\n\ny")
    at.world.gate.file = site_file(tmp_path, CHANNELS + slack, 'templates = "texts"\nlast_resort = ["mail"]')
    broken = ask(at, "outbox", "check")
    assert broken.code == 2
    for told in (
        "page.txt, line 1: there is no $clinet",
        "the environment variable LEXOPS_TEST_NO_SUCH is not set",
        "the channel mail needs a mail address",
        "Apprise does not know such a URL",
    ):
        assert told in broken.out
    assert len(ask(at, "outbox", "check", "--json").json["faults"]) >= 5


def test_when_everybody_can_be_told_it_says_so(at: Desk, post: Post, tmp_path: Path) -> None:
    at.world.gate.file = site_file(tmp_path, CHANNELS, 'last_resort = ["ops"]')
    for name in ("ana", "bo", "mia", "sam", "aud"):
        post.contacts(("pager", ""), owner=Recipient.parse(f"operator:{name}"))
    said = ask(at, "outbox", "check")
    assert (said.code, said.out) == (0, "everybody can be told; try it with: lexops contact test\n")


# The check of LexOps itself.


class Watched:
    def __init__(self, folder: Path) -> None:
        self.post = Post(fresh_store(folder), folder, ManualClock())
        self.post.contacts(("mail", "ana@firm.example"))

    def look(self) -> Verdict:
        return observe(shipped("lexops.outbox"), History(self.post.store, LEXOPS, self.post.clock))


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


@pytest.mark.fires("lexops.outbox")
def test_a_page_that_no_channel_takes_is_critical_until_somebody_answers_for_it(watched: Watched) -> None:
    post = watched.post
    assert watched.look().status is Status.OK
    post.room.fails("mail")
    post.put(page("k"))
    post.run(2)
    verdict = watched.look()
    assert verdict.status is Status.CRITICAL and "nobody took it: mail: 550 no" in verdict.summary
    post.room.works("mail")
    with post.store.begin() as connection:
        outbox.retry(connection, 1, post.clock.now())
    post.turn(seconds=1)
    assert watched.look().status is Status.OK


def test_a_later_page_that_arrived_answers_for_it(watched: Watched) -> None:
    post = watched.post
    post.room.fails("mail")
    post.put(page("k"))
    post.run(2)
    post.room.works("mail")
    bo = Recipient.parse("operator:bo")
    post.contacts(("pager", ""), owner=bo)
    post.put(page("next", recipient=bo))
    post.turn()
    assert watched.look().status is Status.OK


def test_a_page_that_nobody_sends_is_critical_and_a_notice_that_failed_a_warning(watched: Watched) -> None:
    post = watched.post
    post.put(page("k"))
    post.clock.advance(minutes=4)
    assert watched.look().status is Status.OK
    post.clock.advance(minutes=2)
    verdict = watched.look()
    assert verdict.status is Status.CRITICAL and "is not being sent" in verdict.summary
    post.turn()
    post.room.fails("mail")
    post.put(notice("n", recipient=ana()))
    post.run(65, 5)
    assert watched.look().status is Status.WARNING
    post.clock.advance(days=2)
    assert watched.look().status is Status.OK


def test_a_page_that_was_being_sent_by_a_worker_that_died_is_overdue(watched: Watched) -> None:
    post = watched.post
    post.put(page("k"))
    with post.store.begin() as connection:
        (found,) = due(connection, post.clock.now(), timedelta(seconds=70))
        claim(connection, [found.message], "dead#1", post.clock.now(), timedelta(seconds=70))
    post.clock.advance(minutes=5)
    assert watched.look().status is Status.OK
    post.clock.advance(minutes=2)
    assert watched.look().status is Status.CRITICAL
