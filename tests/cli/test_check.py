"""`lexops check …` as a person or a script meets it."""

from __future__ import annotations

import json
import re
import sqlite3
from importlib.resources import files
from pathlib import Path

import pytest

from lexops.checks.model import Finding, Metric
from lexops.checks.plugin import parse, parse_local
from tests.checks.test_export import families
from tests.cli.commands import lexops
from tests.sites import write_site

SITE = """\
[targets.flags]
kind = "sqlite"
url = "sqlite:///flags.db"
[heartbeats.backup]
target = "flags"
every = "1d"
[checks."sqlite.wal-size"]
warn = "1GiB"
every = "2m"
[checks."sqlite.wal-size".metrics.elsewhere]
crit = "5"
"""
FLAGS = """\
-- id: site.flags
-- title: Flag is set
-- severity: critical
-- on: sqlite
-- rows: values
-- attempts: 1
-- metric: flags
-- crit: 0
SELECT count(*) AS value FROM flag
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    checks = tmp_path / "checks"
    checks.mkdir()
    (checks / "flags.sql").write_text(FLAGS)
    write_site(tmp_path, SITE, more='[worker]\nchecks = "checks"')
    connection = sqlite3.connect(tmp_path / "flags.db")
    connection.execute("CREATE TABLE flag (name TEXT)")
    connection.execute("INSERT INTO flag VALUES ('up')")
    connection.commit()
    connection.close()
    (tmp_path / "flags.db").chmod(0o600)
    return tmp_path


def test_show_tells_everything_that_is_declared_and_what_the_site_has_changed(site: Path) -> None:
    text = lexops(site, "check", "show", "sqlite.wal-size").stdout
    labels = {line.split("  ")[0] for line in text.splitlines() if line and not line.startswith(" ")}
    assert {"check", "title", "for", "means", "do", "thresholds", "source", "runs", "needs"} <= labels
    assert re.search(r"here +every set by this site; as shipped: \d+ min", text)
    assert re.search(r"here +thresholds set by this site; as shipped: warning outside", text)
    assert "warning outside 1GiB" in text
    assert "flags" in text.splitlines()[-1], "its state here"
    data = json.loads(lexops(site, "check", "show", "sqlite.wal-size", "--json").stdout)
    assert data["warn"] == "1GiB"
    assert data["metrics"]["elsewhere"]["crit"] == "5"
    assert set(data["overridden"]) == {"every", "thresholds", "thresholds of elsewhere"}
    assert [state["target"] for state in data["states"]] == ["flags"]


def test_a_site_judges_one_metric_of_a_check_its_own_way(site: Path) -> None:
    assert lexops(site, "check", "run", "site.flags").returncode == 1
    settings = (site / "lexops.toml").read_text()
    (site / "lexops.toml").write_text(f'{settings}[checks."site.flags".metrics.flags]\ncrit = "5"\n')
    assert lexops(site, "check", "run", "site.flags").returncode == 0
    assert "flags: this site's lexops.toml" in lexops(site, "check", "show", "site.flags").stdout
    (site / "lexops.toml").write_text(f'{settings}[checks."site.flags".metrics.flags]\ncrit = "many"\n')
    assert "'many'" in lexops(site, "check", "list").stderr


def test_show_knows_a_check_that_no_target_has(site: Path) -> None:
    done = lexops(site, "check", "show", "billing.trust-negative")
    assert done.returncode == 0
    for words in ("why", "Restore the client's money", "ABA Model Rule", "fault", "trust-negative.sql"):
        assert words in done.stdout
    elsewhere = lexops(site, "check", "show", "postgresql.connections")
    assert elsewhere.stdout.splitlines()[-1] == "no target of this site has it"
    assert (
        json.loads(lexops(site, "check", "show", "postgresql.connections", "--json").stdout)["states"] == []
    )
    unknown = lexops(site, "check", "show", "postgresql.conections")
    assert (unknown.returncode, "did you mean postgresql.connections?" in unknown.stderr) == (2, True)


def test_a_target_that_is_named_is_answered_for(site: Path) -> None:
    listed = lexops(site, "check", "list", "--target", "nowhere")
    assert (listed.returncode, listed.stdout) == (2, "")
    assert "there is no target 'nowhere' with checks" in listed.stderr
    settings = (site / "lexops.toml").read_text()
    (site / "lexops.toml").write_text(
        f'{settings}[targets.page]\nkind = "endpoint"\nurl = "http://127.0.0.1:1/"\n'
    )
    shown = lexops(site, "check", "show", "site.flags", "--target", "page")
    assert shown.stdout.splitlines()[-1] == "page does not have it"


def test_show_prints_the_sql_by_server_version(site: Path) -> None:
    text = lexops(site, "check", "show", "postgresql.replication-slots", "--sql").stdout
    assert "-- replication-slots.17.sql" in text and "-- replication-slots.sql" in text
    assert "FROM pg_replication_slots" in text
    assert "SELECT count(*) AS value FROM flag" in lexops(site, "check", "show", "site.flags", "--sql").stdout


def test_the_catalogue_needs_no_site(tmp_path: Path) -> None:
    listed = lexops(tmp_path, "check", "list", "--catalogue", "--json")
    found = {each["check"]: each for each in json.loads(listed.stdout)["checks"]}
    assert {"postgresql.connections", "mariadb.connections", "billing.trust-negative"} <= set(found)
    assert found["postgresql.connections"]["why"]
    assert len(lexops(tmp_path, "check", "list", "--catalogue").stdout.splitlines()) == len(found)


def test_show_explains_a_check_as_installed_where_there_is_no_site(tmp_path: Path) -> None:
    here, anywhere = tmp_path / "site", tmp_path / "anywhere"
    here.mkdir()
    anywhere.mkdir()
    write_site(here)
    shown = lexops(anywhere, "check", "show", "sqlite.wal-size")
    assert shown.returncode == 0, shown.stderr
    assert "there is no site here" in shown.stderr and "thresholds" in shown.stdout
    at_a_site = lexops(here, "check", "show", "sqlite.wal-size")
    assert (at_a_site.stdout, at_a_site.stderr) == (f"{shown.stdout}\nno target of this site has it\n", "")
    asked = ("check", "show", "sqlite.wal-size", "--json")
    data = json.loads(lexops(anywhere, *asked).stdout)
    assert data == json.loads(lexops(here, *asked).stdout)
    assert data["overridden"] == {} and data["states"] == [] and data["warn"]
    sql = lexops(anywhere, "check", "show", "billing.trust-negative", "--sql")
    assert (sql.returncode, "trust-negative.sql" in sql.stdout) == (0, True)
    unknown = lexops(anywhere, "check", "show", "sqlite.wal-sise")
    assert (unknown.returncode, "did you mean sqlite.wal-size?" in unknown.stderr) == (2, True)
    assert list(anywhere.glob("**/*.db")) == [], "nothing is made where nothing is asked for"


def test_show_does_not_pass_over_a_site_that_is_named_or_broken(tmp_path: Path) -> None:
    named = lexops(tmp_path, "check", "show", "sqlite.wal-size", "--site", "elsewhere.toml")
    assert (named.returncode, named.stdout) == (2, "")
    targeted = lexops(tmp_path, "check", "show", "sqlite.wal-size", "--target", "flags")
    assert (targeted.returncode, targeted.stdout) == (2, "")
    assert targeted.stderr.startswith("error: no lexops.toml")
    (tmp_path / "lexops.toml").write_text("[site]\n")
    broken = lexops(tmp_path, "check", "show", "sqlite.wal-size")
    assert (broken.returncode, broken.stdout) == (2, "")


def test_run_ends_like_a_monitoring_plugin_and_is_read_back_as_the_same(site: Path) -> None:
    done = lexops(site, "check", "run", "site.flags", "--format", "nagios")
    assert done.returncode == 2, done.stderr
    assert done.stdout == "CRITICAL - flags site.flags: flags 1 (crit 0) | 'flags'=1\n"
    finding, metric = parse(done.returncode, done.stdout)
    assert isinstance(finding, Finding) and finding.status == "CRITICAL"
    assert metric == Metric("flags", 1.0, info=True)
    connection = sqlite3.connect(site / "flags.db")
    connection.execute("DELETE FROM flag")
    connection.commit()
    connection.close()
    again = lexops(site, "check", "run", "site.flags", "--format", "nagios")
    assert (again.returncode, again.stdout) == (0, "OK - flags site.flags: flags 0 | 'flags'=0\n")
    unknown = lexops(site, "check", "run", "site.flag", "--format", "nagios")
    assert (unknown.returncode, unknown.stdout) == (3, "UNKNOWN - this site does not have site.flag\n")
    (site / "lexops.toml").write_text("[site]\n")
    broken = lexops(site, "check", "run", "--format", "nagios")
    assert (broken.returncode, broken.stdout[:10]) == (3, "UNKNOWN - ")


def test_everything_known_is_exported_for_others(site: Path) -> None:
    lexops(site, "check", "run", "site.flags")
    prometheus = families(lexops(site, "check", "export", "--format", "prometheus").stdout)
    assert 2.0 in prometheus["lexops_check_status"].values()
    nagios = lexops(site, "check", "export", "--format", "nagios").stdout.splitlines()
    assert [line.split(";")[1:4] for line in nagios if "site.flags" in line] == [["flags", "site.flags", "2"]]
    local = list(parse_local(0, lexops(site, "check", "export", "--format", "checkmk").stdout))
    assert [s.key for s in local if isinstance(s, Finding) and s.status == "CRITICAL"] == [
        "LexOps flags site.flags"
    ]
    data = json.loads(lexops(site, "check", "export", "--format", "json").stdout)
    [own] = [each for each in data["checks"] if each["check"] == "site.flags"]
    assert (own["status"], own["metrics"][0]["value"]) == ("CRITICAL", 1.0)


def test_a_job_reports_itself_in_one_short_line(site: Path) -> None:
    done = lexops(site, "check", "beat", "backup", "--status", "warning", "--message", "3 of 4")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1 and "the next report is expected by" in done.stdout
    assert lexops(site, "check", "run", "heartbeat.backup").returncode == 1
    assert "reports warning: 3 of 4" in lexops(site, "check", "show", "heartbeat.backup").stdout
    assert lexops(site, "check", "beat", "backup", "--status", "fine").returncode == 2
    unknown = lexops(site, "check", "beat", "bakcup")
    assert (unknown.returncode, "there are: backup" in unknown.stderr) == (2, True)


def test_the_doctor_says_what_cannot_be_seen_and_prints_the_roles(site: Path) -> None:
    seen = lexops(site, "check", "doctor")
    assert (seen.returncode, "all can see" in seen.stdout) == (0, True), seen.stdout
    (site / "checks" / "flags.sql").write_text(FLAGS.replace("FROM flag", "FROM nothing"))
    blind = lexops(site, "check", "doctor", "--target", "flags", "--json")
    assert blind.returncode == 1
    [told] = json.loads(blind.stdout)["targets"]
    assert (told["blind"], told["unexplained"][0]["check"]) == (True, "site.flags")
    assert lexops(site, "check", "doctor", "--target", "nope").returncode == 2
    (site / "flags.db").unlink()
    gone = lexops(site, "check", "doctor")
    assert (gone.returncode, "cannot be reached" in gone.stdout) == (1, True)
    for kind in ("postgresql", "mariadb"):
        script = files("lexops_checks.roles").joinpath(f"{kind}.sql").read_text(encoding="utf-8")
        assert lexops(site, "check", "doctor", "--role", kind).stdout == script


def test_the_doctor_says_what_of_the_site_s_file_is_left_out(site: Path) -> None:
    settings = (site / "lexops.toml").read_text()
    (site / "lexops.toml").write_text(f'{settings}[checks."site.flags"]\ncrit = "many"\n')
    assert "broken and left out: [checks.site.flags]: 'many'" in lexops(site, "check", "doctor").stderr


@pytest.mark.parametrize("command", ["list", "show", "run", "doctor", "export", "beat"])
def test_every_command_has_help_with_an_example(tmp_path: Path, command: str) -> None:
    done = lexops(tmp_path, "check", command, "--help")
    assert (done.returncode, f"lexops check {command}" in done.stdout) == (0, True)
    assert re.search(r"Examples?:", done.stdout)
