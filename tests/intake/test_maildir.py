"""Mail becomes tickets: once each, none lost, whatever lies in the maildir and whoever dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from lexops.config import SiteFile
from lexops.errors import ConfigError
from lexops.incidents import attachments, links
from lexops.incidents import store as incidents
from lexops.incidents.model import LinkKind, Origin, Relation, State
from lexops.intake import maildir, store
from lexops.intake.maildir import take_mail
from lexops.intake.model import Arrival, Source, Unwanted
from lexops.store.database import Store
from tests.clock import ManualClock
from tests.intake.helping import every, site, timeline, told
from tests.intake.mails import MIXED, drop, lying, mail
from tests.intake.mails import maildir as make
from tests.stores import sqlite_store


@pytest.fixture
def file(tmp_path: Path) -> SiteFile:
    make(tmp_path / "mail")
    return site(tmp_path)


def arrived(database: Store) -> list[Arrival]:
    with database.read() as connection:
        return store.arrivals(connection)


def test_a_mail_is_a_ticket_with_its_client_and_its_words(
    store: Store, file: SiteFile, clock: ManualClock
) -> None:
    drop(file.folder / "mail", "1.a", mail())
    take_mail(store, file, clock)
    (ticket,) = every(store)
    assert (ticket.title, ticket.client, ticket.queue) == ("Cannot open the portal", "acme", "desk")
    assert (ticket.origin, ticket.state, ticket.opened) == (Origin.MAIL, State.OPEN, clock.now())
    assert told(store, 1) == [
        ("opened", "ana@acme.example", "opened by mail"),
        ("note", "ana@acme.example", "It says 502 since nine."),
    ]
    assert lying(file.folder / "mail") == {"new": [], "cur": ["1.a:2,S"], ".refused": []}
    assert [(each.incident, each.refused) for each in arrived(store)] == [(1, "")]


def test_a_stranger_has_a_ticket_too(lite: Store, file: SiteFile, clock: ManualClock) -> None:
    drop(file.folder / "mail", "1.a", mail(sender="eve@elsewhere.example"))
    take_mail(lite, file, clock)
    assert [each.client for each in every(lite)] == [""]


def test_an_answer_is_noted_and_ends_the_waiting(store: Store, file: SiteFile, clock: ManualClock) -> None:
    folder = file.folder / "mail"
    drop(folder, "1.a", mail())
    take_mail(store, file, clock)
    clock.advance(minutes=5)
    with store.begin() as connection:
        incidents.pause(connection, 1, clock.now(), "bo", "asked for a screenshot", clock.now())
    clock.advance(minutes=5)
    drop(
        folder,
        "2.a",
        mail("Re: [LX-1] portal", "Here it is.", id="<2@acme.example>", sender="cy@acme.example"),
    )
    take_mail(store, file, clock)
    assert told(store, 1)[3:] == [
        ("resumed", "cy@acme.example", "the client has answered"),
        ("asked", "cy@acme.example", "Here it is."),
    ]
    clock.advance(minutes=5)
    answer = "In-Reply-To: <2@acme.example>\r\n"
    drop(folder, "3.a", mail("and one more", "Thanks.", id="<3@acme.example>", more=answer))
    take_mail(store, file, clock)
    assert told(store, 1)[-1] == ("asked", "ana@acme.example", "Thanks.")
    assert [each.state for each in every(store)] == [State.OPEN]


def test_who_has_nothing_to_do_with_a_ticket_writes_nothing_into_it(
    lite: Store, file: SiteFile, clock: ManualClock
) -> None:
    folder = file.folder / "mail"
    drop(folder, "1.a", mail())
    take_mail(lite, file, clock)
    drop(folder, "2.a", mail("Re: [LX-1] portal", "close it", id="<2@x>", sender="eve@evil.example"))
    take_mail(lite, file, clock)
    assert [each.client for each in every(lite)] == ["acme", ""]
    assert len(timeline(lite, 1)) == 2


def test_an_answer_goes_where_its_mail_went_whatever_number_its_subject_names(
    store: Store, file: SiteFile, clock: ManualClock
) -> None:
    folder = file.folder / "mail"
    drop(folder, "1.a", mail())
    drop(folder, "2.a", mail("Invoice #1 is wrong", id="<2@acme.example>"))
    drop(folder, "3.a", mail("Invoice #1 is wrong", id="<3@x>", sender="jo@other.example"))
    take_mail(store, file, clock)
    assert len(every(store)) == 3
    more = "In-Reply-To: <2@acme.example>\r\n"
    drop(folder, "4.a", mail("Re: Invoice #1 is wrong", "ana", id="<4@acme.example>", more=more))
    more = "In-Reply-To: <3@x>\r\n"
    drop(
        folder, "5.a", mail("Re: Invoice #1 is wrong", "jo", id="<5@x>", sender="jo@other.example", more=more)
    )
    more = "In-Reply-To: <2@acme.example>\r\n"
    drop(folder, "6.a", mail("Re: [LX-1] Invoice", "mark", id="<6@acme.example>", more=more))
    drop(folder, "7.a", mail("Re: incident #2", "number", id="<7@acme.example>"))
    take_mail(store, file, clock)
    assert len(every(store)) == 3
    asked = {id: [text for kind, _, text in told(store, id) if kind == "asked"] for id in (1, 2, 3)}
    assert asked == {1: ["mark"], 2: ["ana", "number"], 3: ["jo"]}


def test_a_number_of_somebody_elses_ticket_does_not_hide_the_mail_that_is_answered(
    lite: Store, file: SiteFile, clock: ManualClock
) -> None:
    folder = file.folder / "mail"
    drop(folder, "1.a", mail())
    drop(folder, "2.a", mail("Portal", id="<2@x>", sender="jo@other.example"))
    take_mail(lite, file, clock)
    more = "In-Reply-To: <2@x>\r\n"
    drop(folder, "3.a", mail("Re: [LX-1]", "jo", id="<3@x>", sender="jo@other.example", more=more))
    take_mail(lite, file, clock)
    assert [len(timeline(lite, each.id)) for each in every(lite)] == [2, 3]


def test_a_resolved_ticket_is_opened_again_by_an_answer_and_later_followed_by_a_new_one(
    lite: Store, file: SiteFile, clock: ManualClock
) -> None:
    folder = file.folder / "mail"
    drop(folder, "1.a", mail())
    take_mail(lite, file, clock)
    for number, wait in ((2, timedelta(minutes=30)), (3, timedelta(minutes=31))):
        with lite.begin() as connection:
            incidents.resolve(connection, 1, clock.now(), "bo", "restarted")
        clock.advance(seconds=wait.total_seconds())
        drop(folder, f"{number}.a", mail("Re: [LX-1] portal", "Again!", id=f"<{number}@acme.example>"))
        take_mail(lite, file, clock)
    first, second = every(lite)
    assert (first.state, second.state) == (State.RESOLVED, State.OPEN)
    kinds = [each.kind.value for each in timeline(lite, 1)]
    assert kinds == ["opened", "note", "resolved", "reopened", "asked", "resolved"]
    with lite.read() as connection:
        (link,) = links.links(connection, 2)
    assert (link.kind, link.ref, link.relation) == (LinkKind.INCIDENT, "1", Relation.RELATED)


def test_files_of_a_mail_are_kept_with_the_ticket(store: Store, file: SiteFile, clock: ManualClock) -> None:
    drop(file.folder / "mail", "1.a", MIXED)
    take_mail(store, file, clock)
    with store.read() as connection:
        kept = attachments.attachments(connection, 1)
    assert (kept[0].name, kept[0].type, kept[0].size) == ("b.pdf", "application/pdf", 5)
    assert timeline(store, 1)[-1].text == "b.pdf, part-4"


def test_what_is_no_ticket_lies_aside_with_its_reason(
    lite: Store, file: SiteFile, clock: ManualClock
) -> None:
    folder = file.folder / "mail"
    drop(folder, "1.a", mail(more="Auto-Submitted: auto-replied\r\n"))
    drop(folder, "2.a", b"\x00\xff garbage")
    drop(folder, "3.a", mail())
    take_mail(lite, file, clock)
    assert len(every(lite)) == 1
    assert lying(folder) == {"new": [], "cur": ["3.a:2,S"], ".refused": ["1.a", "2.a"]}
    reasons = sorted(each.refused for each in arrived(lite) if each.refused)
    assert reasons == [
        "it has no sender, so it is no mail; file 2.a",
        "it was sent by a program: Auto-Submitted auto-replied (ana@acme.example); file 1.a",
    ]


def test_links_and_pipes_are_not_followed_and_hidden_files_are_left(
    lite: Store, file: SiteFile, clock: ManualClock
) -> None:
    folder = file.folder / "mail"
    secret = file.folder / "secret"
    secret.write_bytes(mail("a secret"))
    (folder / "new" / "1.link").symlink_to(secret)
    os.mkfifo(folder / "new" / "2.pipe")
    (folder / "new" / "3.folder").mkdir()
    drop(folder, ".hidden", mail())
    take_mail(lite, file, clock)
    assert every(lite) == []
    assert lying(folder) == {"new": [".hidden"], "cur": [], ".refused": ["1.link", "2.pipe", "3.folder"]}
    reasons = sorted(each.refused.partition(";")[0] for each in arrived(lite))
    assert reasons[1:] == ["it is no regular file", "it is no regular file"]
    assert "cannot be opened" in reasons[0]
    assert secret.read_bytes() == mail("a secret")


def test_the_same_mail_by_two_ways_is_one_ticket(store: Store, file: SiteFile, clock: ManualClock) -> None:
    folder = file.folder / "mail"
    drop(folder, "1.a", mail())
    take_mail(store, file, clock)
    drop(folder, "1.a", mail(more="Received: from elsewhere\r\n"))
    take_mail(store, file, clock)
    assert (len(every(store)), len(timeline(store, 1))) == (1, 2)
    assert len(lying(folder)["cur"]) == 2  # neither is written over


def test_a_worker_that_dies_before_it_moved_a_mail_takes_it_only_once(
    lite: Store, file: SiteFile, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = file.folder / "mail"
    drop(folder, "1.a", mail())
    drop(folder, "2.a", mail(more="Precedence: bulk\r\n"))

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(maildir, "_move", dies)
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                take_mail(lite, file, clock)
    take_mail(lite, file, clock)
    assert len(every(lite)) == 1
    assert lying(folder) == {"new": [], "cur": ["1.a:2,S"], ".refused": ["2.a"]}


KILLED = """
import os, signal, sys
from pathlib import Path
from lexops.intake import maildir
from tests.clock import ManualClock
from tests.intake.helping import site
from tests.stores import sqlite_store
folder, after = Path(sys.argv[1]), int(sys.argv[2])
moves = 0
move = maildir._move
def dying(*given):
    global moves
    moves += 1
    if moves > after:
        os.kill(os.getpid(), signal.SIGKILL)
    move(*given)
maildir._move = dying
maildir.take_mail(sqlite_store(folder), site(folder), ManualClock())
"""


def test_kill_9_in_the_middle_loses_no_mail_and_doubles_none(tmp_path: Path, clock: ManualClock) -> None:
    file = site(tmp_path)
    for number in range(5):
        drop(make(tmp_path / "mail"), f"{number}.a", mail(f"mail {number}", id=f"<{number}@acme.example>"))
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), "2"], cwd=root, timeout=60, capture_output=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(lying(tmp_path / "mail")["new"]) == 3
    database = sqlite_store(tmp_path)
    take_mail(database, file, clock)
    assert [each.title for each in every(database)] == [f"mail {number}" for number in range(5)]
    assert lying(tmp_path / "mail")["new"] == []
    database.close()


def test_two_workers_share_the_mail_and_take_none_twice(
    store: Store, file: SiteFile, clock: ManualClock
) -> None:
    folder = file.folder / "mail"
    for number in range(20):
        drop(folder, f"{number:02}.a", mail(f"mail {number}", id=f"<{number}@acme.example>"))
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(take_mail, store, file, clock) for _ in range(2)]:
            done.result(60)
    assert sorted(each.title for each in every(store)) == sorted(f"mail {number}" for number in range(20))
    assert len(lying(folder)["cur"]) == 20


def test_a_maildir_that_is_none_is_told_with_what_it_needs(
    tmp_path: Path, lite: Store, clock: ManualClock
) -> None:
    with pytest.raises(ConfigError, match="maildir") as told_:
        take_mail(lite, site(tmp_path), clock)
    assert "new, cur and tmp" in told_.value.hint


def test_a_mail_handed_in_is_on_the_disk_with_its_name(tmp_path: Path, clock: ManualClock) -> None:
    folder = tmp_path / "mail"
    synced: list[tuple[int, list[str]]] = []

    def sync(handle: int) -> None:
        synced.append((os.fstat(handle).st_ino, lying(folder)["new"]))

    maildir.deliver(site(tmp_path), mail(), clock, sync)
    (name,) = lying(folder)["new"]
    new = folder / "new"
    assert synced == [((new / name).stat().st_ino, []), (new.stat().st_ino, [name])]


def test_a_mail_handed_in_lies_in_the_maildir_as_any_other(
    tmp_path: Path, lite: Store, clock: ManualClock
) -> None:
    file = site(tmp_path)
    found = maildir.deliver(file, mail(), clock)
    assert not isinstance(found, Unwanted)
    take_mail(lite, file, clock)
    assert [each.source for each in arrived(lite)] == [Source.MAIL]
