"""`lexops activity`, `check triage`, `check tree` and `check quiet` as a person or a script meets them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.activity.pileup import SECRET, WAITERS, postgresql_pile_up
from tests.cli.commands import lexops
from tests.cli.test_cli import SQL
from tests.cli.test_cli import site as _flags_site
from tests.servers import DatabaseServer, give_blind_role, give_role, site_url
from tests.sites import write_site
from tests.waiting import until

flags_site = _flags_site


def target(url: str, environment: str = "demo") -> str:
    return f'[targets.db]\nkind = "postgresql"\nurl = "{site_url(url)}"\nenvironment = "{environment}"\n'


@pytest.fixture
def piled(tmp_path: Path, postgresql: DatabaseServer) -> tuple[Path, str]:
    url = postgresql.database()
    write_site(tmp_path, target(give_role(postgresql, url)))
    postgresql.execute("GRANT pg_signal_backend TO lexops_monitor")
    if not postgresql.execute("SELECT FROM pg_roles WHERE rolname = 'billing'"):
        postgresql.execute("CREATE ROLE billing LOGIN")
    postgresql.execute("GRANT ALL ON SCHEMA public TO billing", url=url)
    return tmp_path, postgresql.url(url.rpartition("/")[2], "billing")


def whole(folder: Path) -> Any:
    """What is shown once all of them wait."""
    seen = json.loads(lexops(folder, "activity", "db", "--json").stdout)
    return seen if len(seen["tree"]) == WAITERS + 1 else None


def test_a_pile_up_is_shown_and_its_root_is_terminated(piled: tuple[Path, str]) -> None:
    folder, url = piled
    with postgresql_pile_up(url) as pile:
        seen = until(lambda: whole(folder))
        assert seen["tree"][0] == {"pid": pile.root, "depth": 0, "behind": WAITERS}
        assert seen["unseen"] == "" and SECRET not in json.dumps(seen)
        text = lexops(folder, "activity", "db").stdout
        assert f"{pile.root} billing billing portal: idle in transaction, holds up {WAITERS} sessions" in text
        assert "on matter" in text and "Erika" not in text
        root = next(each for each in seen["sessions"] if each["pid"] == pile.root)
        asking = ("activity", "terminate", "db", str(root["pid"]), root["started"])
        planned = lexops(folder, *asking, "--plan").stdout
        assert f"terminates session {pile.root} of billing (billing portal) from 127.0.0.1" in planned
        gone = lexops(folder, *asking[:-1], "2020-01-01T00:00:00.000000Z", "--confirm", "db")
        assert gone.returncode == 4 and "may be another one by now" in gone.stderr
        asked = lexops(folder, *asking, "--confirm", "db", "--no-wait")
        assert asked.returncode == 0, asked.stderr
        worked = lexops(folder, "worker", "--drain")
        assert pile.resolved(), worked.stderr
        assert pile.outcomes == ["done"] * WAITERS


def test_a_blind_role_is_told_the_grant_and_exit_3(tmp_path: Path, postgresql: DatabaseServer) -> None:
    write_site(tmp_path, target(give_blind_role(postgresql, postgresql.database())))
    done = lexops(tmp_path, "activity", "db")
    assert done.returncode == 3
    assert "sees only its own sessions" in done.stderr and "GRANT pg_monitor TO lexops_blind" in done.stderr


def test_what_is_no_database_or_no_target_is_said(tmp_path: Path) -> None:
    write_site(tmp_path, '[targets.here]\nkind = "host"\n')
    done = lexops(tmp_path, "activity", "here")
    assert done.returncode == 4 and "here is no database" in done.stderr
    assert "there is no target" in lexops(tmp_path, "activity", "gone").stderr


def test_a_sqlite_file_tells_who_has_it_open(flags_site: Path) -> None:
    done = lexops(flags_site, "activity", "flags", "--json")
    assert json.loads(done.stdout)["sessions"] == []


def test_triage_tree_and_quiet_are_twins_of_the_console(flags_site: Path) -> None:
    lexops(flags_site, "check", "run")
    done = lexops(flags_site, "check", "triage", "flags", "site.flags")
    assert done.returncode == 1
    assert done.stdout.startswith("CRITICAL flags site.flags") and "changed before" in done.stdout
    document = json.loads(lexops(flags_site, "check", "triage", "flags", "site.flags", "--json").stdout)
    assert document["check"]["check"] == "site.flags" and document["past"] == []
    assert "what it means" not in done.stdout and document["meaning"] == "", "a check that tells nothing"
    assert lexops(flags_site, "check", "triage", "flags", "gone").returncode == 2
    assert "no downtime, silence or freeze" in lexops(flags_site, "check", "quiet").stderr
    answer = lexops(flags_site, "check", "silence", "flags", "30", "known", "--check", "site.flags")
    assert "site.flags on flags is silenced for 30 min" in answer.stdout
    quiet = json.loads(lexops(flags_site, "check", "quiet", "--json").stdout)["quiet"]
    assert [(each["kind"], each["target"], each["check"]) for each in quiet] == [
        ("silence", "flags", "site.flags")
    ]
    assert "silenced" in lexops(flags_site, "check", "tree").stdout
    done = lexops(flags_site, "check", "acknowledge-all", "painting", "--target", "flags")
    assert "failing check" in done.stdout
    nodes = json.loads(lexops(flags_site, "check", "tree", "--json").stdout)["targets"]
    assert "flags" in [node["target"] for node in nodes]


def test_triage_tells_what_the_check_means_and_why_it_matters_before_what_to_do(flags_site: Path) -> None:
    told = "-- meaning: Looks for flags\n--   that are up.\n-- why: No bill leaves.\n-- mend: Lower it.\n"
    (flags_site / "checks" / "flags.sql").write_text(told + SQL)
    lexops(flags_site, "check", "run", "site.flags")
    done = lexops(flags_site, "check", "triage", "flags", "site.flags")
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[-8:] == [
        "what it means",
        "  Looks for flags that are up.",
        "",
        "why it matters",
        "  No bill leaves.",
        "",
        "what to do",
        "  Lower it.",
    ]
    document = json.loads(lexops(flags_site, "check", "triage", "flags", "site.flags", "--json").stdout)
    assert document["meaning"] == "Looks for flags that are up."
    assert document["why_it_matters"] == "No bill leaves."
    assert document["why"] == "", "that is why of the cause, and there is none"
