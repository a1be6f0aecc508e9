"""`lexops sla report` and `provider`, as a manager meets them: on a terminal, in a pipe, over SSH."""

from __future__ import annotations

import csv
import os
import re
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from lexops import app
from lexops.auth.identity import Session, local_session
from lexops.calendars.model import Calendar
from lexops.cli.main import cli
from lexops.cli.present_providers import Card, ends, hours
from lexops.cli.program import Program
from lexops.config import ProviderSettings, ServeSettings, parse
from lexops.sla import rehearsal
from lexops.sla.report import report
from lexops.tui.serving.limits import allowed_words
from tests.cli.desk import Said, ran
from tests.clock import ManualClock
from tests.sla.test_report import material
from tests.sla.year import UNTIL, year
from tests.stores import sqlite_store

Run = Callable[..., Said]
BAD = "2026-07"
"""The bad month of the year: surely something was broken."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A site with a year of tickets; only read."""
    place = tmp_path_factory.mktemp("site")
    database = sqlite_store(place)
    year(database, place, tickets=100)
    database.close()
    yield place


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command in this process, at the end of the year."""

    def command(*words: str, session: Session | None = None) -> Said:
        def opened(_: Path | None) -> app.Site:
            return app.open_site(folder / "lexops.toml", ManualClock(UNTIL), session)

        program = Program(opened, lambda _: 0, lambda *_: None, app.operations)
        return ran(capsys, program, cli, *words)

    return command


def test_the_last_month_is_the_default_and_the_output_is_only_the_report(run: Run) -> None:
    said = run("sla", "report")
    assert said.out.startswith("SLA report: October 2026\n") and said.err == ""
    assert max(map(len, said.out.splitlines())) <= 80 and "\x1b" not in said.out
    assert said.out == run("sla", "report", "--month", "2026-10").out


def test_the_exit_code_says_whether_a_promise_was_broken(run: Run) -> None:
    codes = {}
    for back in range(12):
        month = f"2026-{11 - back:02}" if back < 11 else "2025-12"
        said = run("sla", "report", "--month", month, "--json")
        missed = sum(each["missed"] for each in said.json["attainments"] if each["group"] == "all")
        codes[month] = (said.code, missed > 0)
    assert set(codes.values()) == {(0, False), (1, True)}
    assert codes[BAD] == (1, True)


def test_every_form_has_the_same_counts(run: Run) -> None:
    data = run("sla", "report", "--month", BAD, "--format", "json").json
    assert data == run("sla", "report", "--month", BAD, "--json").json
    met = sum(each["met"] for each in data["attainments"] if each["group"] == "all")
    missed = sum(each["missed"] for each in data["attainments"] if each["group"] == "all")
    told = f"{met} kept, {missed} broken"
    assert told in run("sla", "report", "--month", BAD).out
    assert told in run("sla", "report", "--month", BAD, "--format", "html").out
    rows = list(csv.DictReader(StringIO(run("sla", "report", "--month", BAD, "--format", "csv").out)))
    whole = [row for row in rows if (row["section"], row["group"]) == ("attainment", "all")]
    assert (sum(int(row["met"]) for row in whole), sum(int(row["missed"]) for row in whole)) == (met, missed)
    assert len([row for row in rows if row["section"] == "breach"]) == missed == len(data["breaches"])


def test_filters_are_told_in_the_report(run: Run) -> None:
    said = run("sla", "report", "--month", BAD, "--client", "HALDEN", "--provider", "nordhost")
    assert "client HALDEN and provider nordhost" in said.out and "ORCHARD" not in said.out


def test_a_file_is_written_privately_and_in_one_step(run: Run, tmp_path: Path) -> None:
    place = tmp_path / "july.html"
    said = run("sla", "report", "--month", BAD, "--format", "html", "--output", str(place))
    assert (said.out, said.err) == ("", f"wrote {place}\n")
    assert stat.S_IMODE(place.stat().st_mode) == 0o600 and list(tmp_path.iterdir()) == [place]
    assert place.read_text() == run("sla", "report", "--month", BAD, "--format", "html").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--month", "2026-13"), "is no month between"),
        (("--month", "soon"), "is no month"),
        (("--format", "pdf"), "there are: text, csv, json, html"),
        (("--format", "csv", "--json"), "exclude each other"),
        (("--provider", "nobody"), "there are: nordhost, ledgersoft"),
        (("--client", "../x"), "is no code"),
    ],
)
def test_a_wrong_word_is_one_line_that_says_what_is_allowed(
    run: Run, words: tuple[str, ...], says: str
) -> None:
    said = run("sla", "report", *words)
    assert (said.code, said.out) == (2, "") and says in said.err


def _bytes(folder: Path, form: str, seed: str) -> bytes:
    environment = os.environ | {"PYTHONHASHSEED": seed, "LEXOPS_LOG": str(folder / "log")}
    words = ("sla", "report", "--month", BAD, "--format", form, "--site", str(folder))
    done = subprocess.run(
        [sys.executable, "-m", "lexops", *words], env=environment, capture_output=True, timeout=90
    )
    assert done.returncode == 1, done.stderr
    return done.stdout


@pytest.mark.parametrize("form", ["text", "csv", "json", "html"])
def test_the_same_data_gives_the_same_bytes(folder: Path, form: str) -> None:
    assert _bytes(folder, form, "1") == _bytes(folder, form, "4242")


# Over SSH.


def far(how: str = "key", remote: str | None = "192.0.2.7") -> Session:
    return replace(local_session(), how=how, remote=remote)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "line",
    [
        "sla report",
        "sla report --month 2026-10",
        "sla report --month=2026-10 --client HALDEN --format html",
        "sla report --month 2026-07 --provider nordhost --json",
    ],
)
def test_the_report_is_among_what_may_be_run_over_ssh(run: Run, line: str) -> None:
    words = allowed_words(ServeSettings().commands, line)
    assert words == tuple(line.split())
    said = run(*words, session=far())
    assert said.code in (0, 1) and len(said.out) > 1_000


@pytest.mark.parametrize("session", [far(), far("account"), far("certificate", None)])
def test_over_ssh_nothing_is_written_to_this_machine(
    run: Run, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = allowed_words(ServeSettings().commands, "sla report --output lexops.toml")
    assert words is not None
    said = run(*words, session=session)
    assert (said.code, said.out, list(tmp_path.iterdir())) == (4, "", [])
    assert "no files are written over SSH" in said.err


# Providers.


def test_a_scorecard_has_the_register_beside_what_was_measured(run: Run) -> None:
    said = run("sla", "provider", "nordhost", "--month", BAD)
    assert said.out.startswith("Nordhost Managed Databases Ltd (nordhost), July 2026\n")
    for words in ("ISO 27001", "restores within four hours", "NH-2025-117", "24/7 (calendar always)"):
        assert words in said.out
    data = run("sla", "provider", "nordhost", "--month", BAD, "--json").json["providers"][0]
    report_ = run("sla", "report", "--month", BAD, "--provider", "nordhost", "--json").json
    whole = [each for each in report_["attainments"] if each["group"] == "all"]
    assert [(c["clock"], c["met"], c["missed"], c["median"]) for c in data["clocks"]] == [
        (each["clock"], each["met"], each["missed"], each["median"]) for each in whole
    ]
    broken = [each["responsibility"] or "not recorded" for each in report_["breaches"]]
    assert {whose: count for whose, count in data["causes"].items() if count} == {
        whose: broken.count(whose) for whose in broken
    }
    assert said.code == (1 if broken else 0)


def test_all_providers_have_a_line_each(run: Run) -> None:
    lines = run("sla", "provider").out.splitlines()
    assert [line.split()[0] for line in lines] == ["PROVIDER", "nordhost", "ledgersoft"]
    assert re.search(r"Ledgersoft Support +no +no end is known", lines[2])


def test_an_unknown_provider_is_refused_with_those_there_are(run: Run) -> None:
    said = run("sla", "provider", "nobody")
    assert said.code == 2 and "there are: nordhost, ledgersoft" in said.err


def test_a_card_tells_how_long_the_contract_lasts_and_what_it_does_not_know() -> None:
    known = parse(tomllib.loads('[site]\nname = "x"\n' + rehearsal.SITE_TABLES), Path("x")).providers
    today = UNTIL.date()

    def card(**changed: object) -> Card:
        settings = known["ledgersoft"].model_copy(update=changed)
        return Card("ledgersoft", settings, None, today, report(material()))

    assert ends(card()) == "no end is known"
    assert ends(card(ends=today.replace(day=29))) == "2026-11-29 (7 days left)"
    assert ends(card(ends=today.replace(day=21))) == "2026-11-21 (over since 1 day)"
    assert hours(card()) == "unknown: there is no calendar london"
    assert isinstance(known["nordhost"], ProviderSettings)


def test_a_calendar_with_a_closed_day_is_not_around_the_clock() -> None:
    from datetime import date

    from lexops.calendars.builtin import ALWAYS_OPEN
    from lexops.calendars.model import Day
    from lexops.sla.definitions import is_always_open

    christmas = date(2026, 12, 25)
    closed = Calendar("most", ALWAYS_OPEN.periods, {christmas: Day(christmas, "Christmas Day")})
    assert is_always_open(ALWAYS_OPEN) and not is_always_open(closed)


def test_closing_and_delivering_are_commands_too(run: Run) -> None:
    assert "lexops sla close 2026-10" in run("sla", "close", "--help").out
    assert "lexops sla deliver" in run("sla", "deliver", "--help").out
    listed = run("operation", "list").out
    assert "sla.close" in listed and "sla.deliver" in listed
