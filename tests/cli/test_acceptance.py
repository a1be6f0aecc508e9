"""The demo firm on every engine, seen through the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine

from lexops.billing.firm import Size, build_firm
from lexops.billing.firm.problems import PROBLEMS
from tests.cli.commands import at_terminal, lexops
from tests.servers import DatabaseServer, site_url
from tests.sites import write_site
from tests.waiting import until


@pytest.fixture(autouse=True)
def one_day() -> None:
    """A firm is as old as its day, so that a test that would go on beyond midnight begins after it."""
    until(lambda: datetime.now(UTC).time() < time(23, 58), "it stays midnight", seconds=180, pause=0.5)


@pytest.mark.parametrize("engine", ["postgresql", "mariadb"])
def test_check_run_finds_every_problem_of_the_firm(
    tmp_path: Path, request: pytest.FixtureRequest, engine: str
) -> None:
    server: DatabaseServer = request.getfixturevalue(engine)
    url = server.database()
    connection = create_engine(url, poolclass=NullPool)
    firm = build_firm(connection, size=Size.SMALL, today=datetime.now(UTC).date())
    connection.dispose()
    target = f'[targets.firm]\nkind = "{engine}"\nurl = "{site_url(url)}"\nprofile = "reference"\n'
    write_site(tmp_path, target)
    done = lexops(tmp_path, "check", "run", "billing", "--json")
    assert done.returncode == 1, done.stderr
    checks = json.loads(done.stdout)["checks"]
    failing = {check["check"] for check in checks if check["status"] in ("WARNING", "CRITICAL")}
    assert failing == {problem.check for problem in PROBLEMS if problem.id in firm.problems}
    assert not [check["check"] for check in checks if check["status"] == "UNKNOWN"]
    opened = json.loads(lexops(tmp_path, "incident", "list", "--json").stdout)["incidents"]
    assert failing <= {incident["check"] for incident in opened}


def test_the_demo_without_a_terminal_prints_the_overview_and_exits_1(tmp_path: Path) -> None:
    first = lexops(tmp_path, "demo", "--headless", "--dir", "firm")
    assert first.returncode == 1, first.stderr
    assert "CRITICAL  billing-db  billing.trust-negative" in first.stdout
    assert "built in" in first.stderr
    again = lexops(tmp_path, "demo", "--headless", "--dir", "firm")
    assert (again.returncode, "built in" in again.stderr) == (1, False)


def test_the_demo_firm_is_rebuilt_by_a_worker_while_its_steps_are_told(tmp_path: Path) -> None:
    assert lexops(tmp_path, "demo", "--headless", "--dir", "firm").returncode == 1
    firm = tmp_path / "firm"
    old = (firm / "billing.db").stat().st_ino
    with at_terminal(firm, "demo", "rebuild", "billing-db") as terminal:
        terminal.wait(
            "!! DEMO: Build the demo firm anew",
            "replaces everything in billing-db",
            "type billing-db to go on",
        )
        terminal.enter("billing-db")
        terminal.wait("no worker is alive", "step 1 of 2, build: done", "step 2 of 2, swap: done")
        assert terminal.ends() == 0, terminal.text
    assert (firm / "billing.db").stat().st_ino != old
    assert len(list(firm.glob("billing.db.before-*"))) == 1
    kinds = [e["kind"] for e in json.loads(lexops(firm, "audit", "log", "--json").stdout)["entries"]]
    assert kinds[:4] == ["done", "step", "step", "begun"]


def test_a_request_that_is_left_with_ctrl_c_goes_on_without_its_person(tmp_path: Path) -> None:
    lexops(tmp_path, "demo", "--headless", "--dir", "firm")
    firm = tmp_path / "firm"
    with at_terminal(firm, "demo", "rebuild", "billing-db", "--confirm", "billing-db") as terminal:
        terminal.wait("step 1 of 2, build: running")
        terminal.interrupt()
        assert terminal.ends() == 130, terminal.text
    assert "goes on without you" in terminal.text
    number = terminal.text.partition("lexops request follow ")[2].split()[0]
    done = lexops(firm, "request", "follow", number)
    assert (done.returncode, done.stdout) == (0, "billing-db is a new small demo firm\n"), done.stderr
    assert len(list(firm.glob("billing.db.before-*"))) == 1


def test_the_demo_leaves_what_is_not_its_own_alone(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "client.txt").write_text("dear")
    done = lexops(tmp_path, "demo", "--headless", "--dir", "letters")
    assert done.returncode == 4
    assert "holds something else" in done.stderr
    assert (tmp_path / "letters" / "client.txt").read_text() == "dear"
