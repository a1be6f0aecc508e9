"""Mail to a real server: encrypted, with proof; what is for now is tried again, what is for good is not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lexops.errors import ConfigError
from lexops.outbox.channels import Undelivered
from lexops.outbox.opening import open_channel
from lexops.outbox.rendering import Rendered
from tests.clock import START
from tests.outbox.helping import page, site_file
from tests.outbox.receivers import MailServer

ADDRESS = "ana@firm.example"


def words(**changes: object) -> Rendered:
    made = {
        "subject": "P1 #41: full",
        "short": "P1 full",
        "body": "It is full.\n.\nfrom here",
        "site": "Test",
    }
    return Rendered(messages=(page(),), recipient="ana", at=START, **made | changes)  # type: ignore[arg-type]


def send(server: MailServer, key: str = "k", rendered: Rendered | None = None, **settings: object) -> str:
    file = site_file(server.folder, server.settings(**{"timeout": "60s"} | settings))
    channel = open_channel(file.settings.channels["mail"], file)
    return channel.send(rendered or words(), ADDRESS, key).detail


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with MailServer(tmp_path) as made:
        yield made


def test_a_mail_says_what_it_is_and_that_no_program_should_answer(server: MailServer) -> None:
    assert send(server) == "250 2.0.0 queued as 4711"
    (mail,) = server.mails
    assert (mail["To"], mail["From"], mail["Subject"]) == (
        ADDRESS,
        "LexOps <lexops@firm.example>",
        "P1 #41: full",
    )
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"] == "Mon, 02 Mar 2026 09:00:00 +0000"
    assert mail.get_content().splitlines() == ["It is full.", ".", "from here"]
    assert mail["Message-ID"].startswith("<lexops.") and mail["Message-ID"].endswith("@firm.example>")


def test_the_same_key_is_the_same_mail_and_another_one_is_of_the_same_thread(server: MailServer) -> None:
    for key in ("k", "k", "other"):
        send(server, key)
    first, again, other = server.mails
    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert first["References"] == other["References"]


def test_signs_of_all_languages_and_lines_without_end_arrive(server: MailServer) -> None:
    send(server, rendered=words(subject="Größe ❄ " + "x" * 200, body="ä" * 3000 + "\n☃"))
    (mail,) = server.mails
    assert mail["Subject"].startswith("Größe ❄ x") and mail.get_content().split() == ["ä" * 3000, "☃"]


def test_what_somebody_wrote_cannot_add_a_header(server: MailServer) -> None:
    with pytest.raises(ValueError, match=r"(?i)header|linefeed"):
        send(server, rendered=words(subject="x\r\nBcc: all@firm.example"))
    assert server.mails == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_it_is_encrypted_verified_and_logged_in(tmp_path: Path, security: str) -> None:
    (tmp_path / "password").touch(0o600)
    (tmp_path / "password").write_text("right\n")
    with MailServer(tmp_path, security) as server:
        login = {"username": "lexops", "password": {"file": str(tmp_path / "password")}}
        text = server.settings(timeout="60s", username="lexops")
        text += f'password = {{ file = "{login["password"]["file"]}" }}\n'  # type: ignore[index]
        file = site_file(tmp_path, text)
        open_channel(file.settings.channels["mail"], file).send(words(), ADDRESS, "k")
        assert server.logins == [(b"lexops", b"right")] and len(server.mails) == 1


def test_a_certificate_of_nobody_we_trust_is_not_trusted(tmp_path: Path) -> None:
    with MailServer(tmp_path, "starttls") as server:
        file = site_file(tmp_path, server.settings(timeout="60s").replace("ca_file", "# ca_file"))
        with pytest.raises(Undelivered, match="certificate is not trusted") as refused:
            open_channel(file.settings.channels["mail"], file).send(words(), ADDRESS, "k")
        assert not refused.value.retry and server.mails == []


def test_a_server_that_cannot_encrypt_gets_nothing(server: MailServer) -> None:
    text = server.settings(timeout="60s").replace('"none"', '"starttls"')
    file = site_file(server.folder, text)
    with pytest.raises(Undelivered, match="cannot do what is needed") as refused:
        open_channel(file.settings.channels["mail"], file).send(words(), ADDRESS, "k")
    assert not refused.value.retry and server.mails == []


@pytest.mark.parametrize(
    ("where", "answer", "told", "retry"),
    [
        (
            "rcpt",
            "451 4.7.1 greylisted, come back",
            "a•••@firm.example: 451 4.7.1 greylisted, come back",
            True,
        ),
        ("rcpt", "550 5.1.1 no such user", "a•••@firm.example: 550 5.1.1 no such user", False),
        ("data", "452 4.3.1 disk full", "the message: 452 4.3.1 disk full", True),
        ("data", "554 5.7.1 spam", "the message: 554 5.7.1 spam", False),
    ],
)
def test_400_is_for_now_and_500_for_good(
    server: MailServer, where: str, answer: str, told: str, retry: bool
) -> None:
    getattr(server, where).append(answer)
    with pytest.raises(Undelivered) as refused:
        send(server)
    assert (refused.value.detail, refused.value.retry) == (told, retry)
    assert send(server).startswith("250")


def test_a_wrong_password_is_told_without_it(tmp_path: Path) -> None:
    (tmp_path / "password").touch(0o600)
    (tmp_path / "password").write_text("canary-password\n")
    with MailServer(tmp_path, "starttls") as server:
        text = server.settings(timeout="60s", username="lexops")
        file = site_file(tmp_path, text + f'password = {{ file = "{tmp_path / "password"}" }}\n')
        with pytest.raises(Undelivered, match="log-in: 535") as refused:
            open_channel(file.settings.channels["mail"], file).send(words(), ADDRESS, "k")
        assert not refused.value.retry and "canary" not in refused.value.detail


def test_a_password_does_not_go_over_the_network_unencrypted(tmp_path: Path) -> None:
    (tmp_path / "password").touch(0o600)
    (tmp_path / "password").write_text("secret\n")
    with MailServer(tmp_path) as server:
        text = server.settings(username="lexops").replace(f'"{"127.0.0.1"}"', '"127.0.0.2"')
        file = site_file(tmp_path, text + f'password = {{ file = "{tmp_path / "password"}" }}\n')
        with pytest.raises(Undelivered):
            open_channel(file.settings.channels["mail"], file).send(words(), ADDRESS, "k")
        assert server.logins == []


def test_a_server_that_hangs_is_given_up_and_tried_again(server: MailServer) -> None:
    server.hangs = threading.Event()
    server.hangs.set()
    with pytest.raises(Undelivered, match=r"no answer within 0.3 s") as refused:
        send(server, timeout="0.3s")
    assert refused.value.retry


def test_nobody_at_home_is_for_now(tmp_path: Path) -> None:
    with MailServer(tmp_path) as server:
        text = server.settings()
    file = site_file(tmp_path, text)
    with pytest.raises(Undelivered, match="Connection refused") as refused:
        open_channel(file.settings.channels["mail"], file).send(words(), ADDRESS, "k")
    assert refused.value.retry


def test_a_password_that_cannot_be_read_names_where_it_was_to_come_from(server: MailServer) -> None:
    text = server.settings(username="lexops") + 'password = { file = "/nowhere/password" }\n'
    file = site_file(server.folder, text)
    with pytest.raises(ConfigError, match="/nowhere/password"):
        open_channel(file.settings.channels["mail"], file)
