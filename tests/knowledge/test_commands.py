"""`lexops article …`, for people and for programs."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lexops.errors import Exit
from lexops.incidents.operations import OPERATIONS as INCIDENTS
from lexops.knowledge.operations import OPERATIONS
from tests.cli.desk import Desk, Said, desk

TEXT = "# Full disk\n\nLook *first* at `/var`.\n"


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    for made in desk(tmp_path, capsys, *OPERATIONS, *INCIDENTS, enrol=False):
        (tmp_path / "disk.md").write_text(TEXT)
        words = ("full-disk", "--file", str(tmp_path / "disk.md"), "--title", "Disk is full")
        assert ask(made, "write", *words, "--tags", "disk", "--reason", "runbook 7").code == 0
        yield made


def ask(at: Desk, *words: str) -> Said:
    return at.run("sam", "article", *words)


def editor(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    path = folder / "editor.sh"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(path))
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)


def left(folder: Path) -> list[Path]:
    return list(folder.glob("lexops-*/*.md"))


# Shown.


def test_an_article_is_shown_as_text_as_markdown_and_as_html(at: Desk) -> None:
    shown = ask(at, "show", "full-disk").out.splitlines()
    assert shown[:2] == ["Disk is full", "full-disk, current, revision 1 by sam"]
    assert "tags: disk" in shown and "Look *first* at `/var`." in shown
    assert ask(at, "show", "full-disk", "--format", "md").out == TEXT
    html = ask(at, "show", "full-disk", "--format", "html").out
    assert "<p>Look <em>first</em> at <code>/var</code>.</p>" in html
    data = ask(at, "show", "full-disk", "--json").json
    assert (data["body"], data["tags"], data["stale"]) == (TEXT.strip(), ["disk"], None)


def test_what_is_hostile_in_an_article_reaches_no_terminal(at: Desk) -> None:
    path = at.world.folder / "bad.md"
    path.write_text("\x1b]0;owned\x07 [@click=app.quit]x[/] <script>alert(1)</script>\n")
    assert ask(at, "write", "bad", "--file", str(path), "--title", "\x1b[2Jgone").code == 0
    for words in (["show", "bad"], ["show", "bad", "--format", "html"], ["list"], ["history", "bad"]):
        said = ask(at, *words)
        assert said.code == 0 and "\x1b" not in said.out and "\x07" not in said.out
    assert "<script>" not in ask(at, "show", "bad", "--format", "html").out


def test_the_list_names_what_is_stale_and_why(at: Desk) -> None:
    ask(at, "write", "full-disk", "--checks", "host.disk-*")
    listed = ask(at, "list")
    assert listed.code == 0
    assert listed.out.splitlines()[0].split() == ["article", "standing", "read", "helps", "with", "title"]
    assert listed.out.splitlines()[1].startswith("full-disk  current   0 s ago  host.disk-*  Disk is full")
    assert (ask(at, "list", "--stale").code, ask(at, "list", "--stale").err) == (0, "no article is stale\n")
    at.world.clock.advance(days=366)
    stale = ask(at, "list", "--stale")
    assert stale.code == Exit.PROBLEMS
    assert "(stale: nobody has looked it through for 366 d)" in stale.out
    assert ask(at, "list").code == 0
    (data,) = ask(at, "list", "--stale", "--json").json["articles"]
    assert data["stale"] == "nobody has looked it through for 366 d" and "body" not in data


def test_a_retired_article_is_only_listed_when_asked_for(at: Desk) -> None:
    assert ask(at, "retire", "full-disk", "no disks").code == 0
    assert ask(at, "list").err.startswith("no articles yet")
    assert "retired" in ask(at, "list", "--all").out


def test_the_history_tells_what_each_revision_changed(at: Desk) -> None:
    ask(at, "write", "full-disk", "--tags", "-", "--standing", "draft")
    ask(at, "review", "full-disk")
    rows = [line.split() for line in ask(at, "history", "full-disk").out.splitlines()]
    assert [row[0] for row in rows] == ["rev", "3", "2", "1"]
    data = ask(at, "history", "full-disk", "--json").json["revisions"]
    assert [each["changes"] for each in data] == [["new"], ["tags", "standing"], ["standing", "reviewed"]]
    assert data[0]["reason"] == "runbook 7"
    first = ask(at, "show", "full-disk", "--revision", "1", "--json").json
    assert (first["revision"], first["tags"]) == (1, ["disk"])


def test_an_article_that_is_not_there_is_one_line_with_a_hint(at: Desk) -> None:
    said = ask(at, "show", "full-dusk")
    assert (said.code, said.out) == (2, "")
    assert said.err == "error: there is no article 'full-dusk'\nhint: did you mean full-disk?\n"


# Found.


def test_words_find_articles_and_incidents_with_how_they_were_solved(at: Desk) -> None:
    at.run("sam", "incident", "open", "Disk of the archive is full")
    at.run("sam", "incident", "resolve", "1", "deleted old dumps")
    found = ask(at, "search", "full", "volume")
    assert found.code == 0, found.err
    assert "#1, 0 s ago: Disk of the archive is full\n    solved: deleted old dumps\n" in found.out
    assert "article full-disk, 0 s ago: Disk is full" in found.out
    data = ask(at, "search", "archive", "--json").json
    assert [(each["kind"], each["id"], each["solved"]) for each in data["found"]] == [
        ("incident", 1, "deleted old dumps")
    ]
    assert data["notice"] is None
    assert ask(at, "search", "xylophone").err == "nothing was found\n"
    assert ask(at, "search", '"', "AND", "(").code == 0


def test_an_incident_is_answered_with_those_like_it_and_articles(at: Desk) -> None:
    for _ in range(2):
        at.run("sam", "incident", "open", "Portal is slow")
    at.run("sam", "incident", "resolve", "1", "one more server")
    said = ask(at, "similar", "2")
    assert said.out == "#1, 0 s ago: Portal is slow\n    solved: one more server\n"
    data = ask(at, "similar", "2", "--json").json
    assert ([each["id"] for each in data["found"]], data["articles"]) == ([1], [])
    assert ask(at, "similar", "9").code == 2
    at.run("sam", "incident", "open", "Unheard-of")
    assert "nothing like incident #3 is known" in ask(at, "similar", "3").err


def test_an_index_that_cannot_be_kept_is_told_and_searched_around(at: Desk) -> None:
    (at.world.folder / "knowledge.db").mkdir()
    said = ask(at, "search", "disk")
    assert said.code == 0 and "article full-disk" in said.out
    assert "the index of knowledge cannot be kept" in said.err
    assert "searched without the index" in said.err


# Written and edited.


def test_an_article_is_written_from_standard_input(at: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with (at.world.folder / "disk.md").open() as file:
        monkeypatch.setattr("sys.stdin", file)
        assert ask(at, "write", "other", "--file", "-", "--title", "Other").code == 0
    assert ask(at, "show", "other", "--format", "md").out == TEXT


def test_a_file_that_cannot_be_read_is_one_line(at: Desk) -> None:
    assert "cannot be read: No such file" in ask(at, "write", "x", "--file", "/nowhere").err
    (at.world.folder / "binary").write_bytes(b"\xff\xfe\x00")
    assert "is no text" in ask(at, "write", "x", "--file", str(at.world.folder / "binary")).err


def test_an_article_is_edited_in_a_file_that_only_its_writer_can_read(
    at: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = at.world.folder
    editor(folder, monkeypatch, f'stat -c %a "$1" "${{1%/*}}" > {folder}/mode; echo "And then." >> "$1"')
    assert ask(at, "edit", "full-disk", "--reason", "more").out == "full-disk revision 2\n"
    assert ask(at, "show", "full-disk", "--format", "md").out == f"{TEXT}And then.\n"
    assert (folder / "mode").read_text().split() == ["600", "700"]
    assert left(folder) == []


def test_nothing_changed_is_nothing_entered(at: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(at.world.folder, monkeypatch, "true")
    said = ask(at, "edit", "full-disk")
    assert (said.code, said.err) == (0, "nothing was changed\n")
    assert left(at.world.folder) == []


def test_a_text_that_is_refused_is_not_lost(at: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(at.world.folder, monkeypatch, 'printf "%0201000d" 7 > "$1"')
    said = ask(at, "edit", "full-disk")
    assert said.code == 2 and "longer than 200,000" in said.err
    (kept,) = left(at.world.folder)
    assert f"your text is in {kept}" in said.err and stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_an_editor_that_fails_or_is_not_there_keeps_nothing(
    at: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor(at.world.folder, monkeypatch, 'echo half >> "$1"; exit 3')
    said = ask(at, "edit", "full-disk")
    assert said.code == 2 and "the editor ended with 3: nothing is kept" in said.err
    monkeypatch.setenv("EDITOR", "/no/such/editor")
    assert "cannot be started" in ask(at, "edit", "full-disk").err
    assert ask(at, "show", "full-disk", "--json").json["revision"] == 1


def test_without_a_terminal_and_an_editor_another_way_is_told(
    at: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    with (at.world.folder / "disk.md").open() as file:
        monkeypatch.setattr("sys.stdin", file)
        refused = ask(at, "edit", "full-disk")
    assert refused.code == Exit.REFUSED and "there is no terminal to edit on" in refused.err
    assert "set EDITOR, or give its text on standard input" in refused.err


def test_whoever_comes_over_ssh_opens_no_editor_and_reads_no_file_here(
    at: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = at.site
    monkeypatch.setattr(
        at, "site", lambda who: replace(here(who), session=replace(here(who).session, remote="10.0.0.9"))
    )
    editor(at.world.folder, monkeypatch, f"touch {at.world.folder}/opened")
    refused = ask(at, "edit", "full-disk")
    assert refused.code == Exit.REFUSED and "write full-disk --file -" in refused.err
    assert not (at.world.folder / "opened").exists()
    assert ask(at, "write", "x", "--title", "x", "--file", "lexops.toml").code == Exit.REFUSED
