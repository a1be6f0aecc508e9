"""`lexops intake …`."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lexops.errors import ConfigError
from lexops.intake import maildir
from tests.cli.desk import Desk, desk
from tests.intake.helping import site
from tests.intake.mails import drop, mail
from tests.intake.mails import maildir as make

TOML = '[site]\nname = "Test"\n[intake]\nmaildir = "mail"\n'


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    yield from desk(tmp_path, capsys)


def arrive(at: Desk) -> None:
    folder = make(at.world.folder / "mail")
    drop(folder, "1.a", mail())
    drop(folder, "2.a", mail("[@click=app.quit()]", more="Precedence: bulk\r\n"))
    maildir.take_mail(at.world.store, site(at.world.folder), at.world.clock)


def test_what_arrived_is_listed_and_what_was_refused_makes_it_exit_1(at: Desk) -> None:
    assert at.run("sam", "intake", "list").code == 0
    arrive(at)
    listed = at.run("sam", "intake", "list")
    assert listed.code == 1
    assert [line.split()[0] for line in listed.out.splitlines()] == ["id", "2", "1"]
    assert "refused: it was sent to many: Precedence bulk (ana@acme.example); file 2.a" in listed.out
    refused = at.run("sam", "intake", "list", "--refused", "--json")
    assert [each["id"] for each in refused.json["arrivals"]] == [2]
    at.world.clock.advance(days=8)
    assert at.run("sam", "intake", "list").code == 0
    assert at.run("sam", "intake", "list", "--since", "30d").code == 1
    assert at.run("sam", "intake", "list", "--since", "soon").code == 2


def test_one_arrival_is_shown(at: Desk) -> None:
    arrive(at)
    shown = at.run("sam", "intake", "show", "1")
    assert "#1; see: lexops incident show 1" in shown.out
    assert at.run("sam", "intake", "show", "2", "--json").json["incident"] is None
    assert at.run("sam", "intake", "show", "99").code == 2


def test_a_mail_is_handed_in_from_a_file_or_a_pipe(
    at: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lexops.toml").write_text(TOML)
    letter = tmp_path / "letter"
    letter.write_bytes(mail())
    said = at.run("sam", "intake", "take", str(letter), "--site", str(tmp_path))
    assert (said.code, said.out) == (0, "handed in; the worker takes it: Cannot open the portal\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(mail(more="Precedence: junk\r\n"))))
    said = at.run("sam", "intake", "take", "-", "--site", str(tmp_path), "--json")
    assert (said.code, said.json["refused"]) == (0, "it was sent to many: Precedence junk (ana@acme.example)")
    assert len(list((tmp_path / "mail" / "new").iterdir())) == 2
    assert list((tmp_path / "mail" / "tmp").iterdir()) == []


def test_what_cannot_be_handed_in_is_kept_by_the_mail_server(at: Desk, tmp_path: Path) -> None:
    (tmp_path / "lexops.toml").write_text('[site]\nname = "Test"\n')
    letter = tmp_path / "letter"
    assert at.run("sam", "intake", "take", str(letter), "--site", str(tmp_path)).code == 2
    letter.write_bytes(mail())
    said = at.run("sam", "intake", "take", str(letter), "--site", str(tmp_path))
    assert (said.code, said.out) == (2, "")
    assert "there is no [intake] maildir" in said.err


def test_settings_name_senders_and_codes(tmp_path: Path) -> None:
    from lexops.config import parse

    def settings(sender: str, code: str) -> None:
        parse({"site": {"name": "x"}, "intake": {"clients": {sender: code}}}, tmp_path)

    settings("@acme.example", "acme")
    with pytest.raises(ConfigError, match="is no sender"):
        settings("acme.example", "acme")
    with pytest.raises(ConfigError, match="is no client's code"):
        settings("@acme.example", "x" * 41)
