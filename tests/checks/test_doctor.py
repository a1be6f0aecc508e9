"""What cannot be seen is told with the statement that mends it; running the statements mends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine

from lexops.billing.firm import Size, build_firm
from lexops.checks import doctor
from lexops.checks.contract import Assignment, CannotSee, RunnableCheck
from lexops.checks.doctor import HEAVY, LONGEST, Diagnosis, diagnoses, look, statements
from lexops.checks.judge import judge
from lexops.checks.model import Area, Check, Finding, Outcome, Status, Verdict
from lexops.cli.present_checks import diagnosis_lines
from lexops.site import Site
from lexops.targets.model import Kind
from tests import servers
from tests.billing.conftest import TODAY
from tests.clock import START
from tests.servers import DatabaseServer, give_blind_role, give_role, site_url
from tests.servers.databases import give_blind_mariadb_role, give_mariadb_role
from tests.sites import open_site

CHECK = Check("a.b", "Title", Area.HEALTH, frozenset({Kind.POSTGRESQL}), availability=True)
HERE = Assignment("db", Kind.POSTGRESQL, "demo", RunnableCheck(CHECK, lambda _: []))


def outcome(verdict: Verdict, *, id: str = "a.b", seconds: float = 0.1, timeout: float = 10) -> Outcome:
    check = replace(CHECK, id=id, timeout=timedelta(seconds=timeout))
    return Outcome("db", check, verdict, START, START, seconds)


def blind(*grants: str) -> Verdict:
    return Verdict(Status.UNKNOWN, "cannot see", grants=grants)


WHO = outcome(Verdict(Status.OK, '"Mon-1"'), id=doctor.WHO)


def test_checks_are_grouped_by_the_statement_that_mends_them() -> None:
    told = [
        WHO,
        outcome(blind("GRANT pg_monitor TO lexops_monitor"), id="a.one"),
        outcome(blind("GRANT pg_monitor TO Mon-1; CREATE EXTENSION pg_stat_statements"), id="a.two"),
        outcome(Verdict(Status.OK, "fine"), id="a.three"),
    ]
    [found] = diagnoses([HERE], told)
    assert [(mend.statement, mend.checks) for mend in found.mends] == [
        ('GRANT pg_monitor TO "Mon-1"', ("a.one", "a.two")),
        ("CREATE EXTENSION pg_stat_statements", ("a.two",)),
    ]
    assert (found.sees, found.account, found.is_blind) == (1, '"Mon-1"', True)


def test_a_check_that_was_let_in_and_stopped_by_our_limit_has_its_rights() -> None:
    stopped = Verdict(Status.UNKNOWN, "no answer within 1 s")
    for limit in (HEAVY, LONGEST):
        seconds = int(limit.total_seconds())
        [found] = diagnoses([HERE], [outcome(stopped, seconds=seconds + 0.01, timeout=seconds)])
        assert not found.is_blind
    itself = Verdict(Status.UNKNOWN, "ix_client was not looked at to the end: no time")
    [early] = diagnoses([HERE], [outcome(itself, seconds=0.91, timeout=int(HEAVY.total_seconds()))])
    assert not early.is_blind
    [slow] = diagnoses([HERE], [outcome(stopped, seconds=3.01, timeout=3)])
    assert slow.unexplained == (("a.b", "no answer within 1 s"),)


def test_a_target_that_cannot_be_reached_is_told_once() -> None:
    lost = Verdict(Status.CRITICAL, "db: cannot connect: refused", unreachable=True)
    other = outcome(Verdict(Status.UNKNOWN, "lost", unreachable=True), id="a.two")
    [found] = diagnoses(
        [HERE], [outcome(lost), replace(other, check=replace(other.check, availability=False))]
    )
    assert (found.unreachable, found.mends, found.unexplained) == ("db: cannot connect: refused", (), ())
    assert found.is_blind


@pytest.mark.parametrize(
    ("grant", "account", "kind", "told"),
    [
        ("GRANT pg_monitor TO lexops_monitor", "eye", Kind.POSTGRESQL, "GRANT pg_monitor TO eye"),
        ("GRANT PROCESS ON *.* TO lexops", "eye@%", Kind.MARIADB, "GRANT PROCESS ON *.* TO 'eye'@'%'"),
        (
            "GRANT PROCESS ON *.* TO 'eye'@'10.%'",
            "eye@10.%",
            Kind.MARIADB,
            "GRANT PROCESS ON *.* TO 'eye'@'10.%'",
        ),
        (
            "GRANT SELECT ON x.* TO eye",
            "eye@localhost",
            Kind.MARIADB,
            "GRANT SELECT ON x.* TO 'eye'@'localhost'",
        ),
        ("GRANT x TO lexops_owner", "eye", Kind.POSTGRESQL, "GRANT x TO lexops_owner"),
        ("ALTER ROLE lexops_monitor SET a = b", "eye", Kind.POSTGRESQL, "ALTER ROLE eye SET a = b"),
        ("chmod 600 file", "", Kind.SQLITE, "chmod 600 file"),
    ],
)
def test_statements_name_the_account_that_logs_in(grant: str, account: str, kind: Kind, told: str) -> None:
    assert list(statements([grant], account, kind)) == [told]


def test_looking_changes_nothing_and_leaves_out_what_needs_no_rights(tmp_path: Path) -> None:
    def hidden(_: object) -> list[object]:
        raise CannotSee("nothing", grant="chmod 600 billing.db")

    check = Check("x.hidden", "Hidden", Area.HEALTH, frozenset({Kind.SQLITE}))
    history = RunnableCheck(replace(check, id="x.history"), hidden, of_history=True)  # type: ignore[arg-type]
    site = open_site(
        tmp_path,
        '[targets.db]\nkind = "sqlite"\nurl = "sqlite:///x.db"\n'
        '[plugins.other]\ncommand = ["/bin/false"]\ntarget = "db"\n',
        checks=[RunnableCheck(check, hidden), history],  # type: ignore[arg-type]
    )
    (tmp_path / "x.db").touch()
    [found] = examine(site)
    assert [mend.checks for mend in found.mends] == [("x.hidden",)]
    assert site.fleet().checks == ()


def examine(site: Site) -> list[Diagnosis]:
    assigned = site.checks.assigned
    return diagnoses(assigned, look(site.file, assigned, site.clock))


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def firm(request: pytest.FixtureRequest) -> tuple[DatabaseServer, str]:
    """A server with billing data, and the database's URL."""
    server: DatabaseServer = request.getfixturevalue(request.param)
    url = server.database()
    engine = create_engine(url, poolclass=NullPool)
    build_firm(engine, size=Size.SMALL, today=TODAY)
    return server, url


def opened(folder: Path, server: DatabaseServer, url: str) -> Site:
    kind = "postgresql" if server.scheme.startswith("postgresql") else "mariadb"
    target = f'[targets.db]\nkind = "{kind}"\nurl = "{site_url(url)}"\nprofile = "reference"\n'
    return open_site(folder, target)


BLIND: dict[str, Callable[[DatabaseServer, str], str]] = {
    "postgresql": give_blind_role,
    "mariadb": lambda server, url: blind_mariadb(server, url),
}


def blind_mariadb(server: DatabaseServer, url: str) -> str:
    """As blind as can be: without any right on a database nobody can log in to it."""
    give_blind_mariadb_role(server)
    name = url.rpartition("/")[2]
    server.execute(f"GRANT SELECT ON {name}.client TO {servers.databases.BLIND}@'%%'")
    return server.url(name, servers.databases.BLIND)


def test_the_printed_statements_make_a_blind_account_see(
    firm: tuple[DatabaseServer, str], tmp_path: Path
) -> None:
    server, url = firm
    kind = "postgresql" if server.scheme.startswith("postgresql") else "mariadb"
    site = opened(tmp_path, server, BLIND[kind](server, url))
    for _ in range(4):  # the answer to a question may only show what the next one hides
        [found] = examine(site)
        if not found.mends:
            break
        server.execute(*(mend.statement.replace("%", "%%") for mend in found.mends), url=url)
    assert found.sees > 50
    assert not found.is_blind, found


def test_an_account_that_is_not_let_in_is_told_the_grant_that_lets_it_in(
    firm: tuple[DatabaseServer, str], tmp_path: Path
) -> None:
    server, url = firm
    name = url.rpartition("/")[2]
    if is_postgresql := server.scheme.startswith("postgresql"):
        login = give_blind_role(server, url)
        server.execute(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")
    else:
        give_blind_mariadb_role(server)
        login = server.url(name, servers.BLIND)
    site = opened(tmp_path, server, login)
    try:
        [shut_out] = examine(site)
        assert diagnosis_lines(shut_out)[1:] == [f"  {shut_out.hint};"]
        server.execute(shut_out.hint.replace("%", "%%"), url=url)
        [let_in] = examine(site)
    finally:
        if is_postgresql:
            server.execute(f"GRANT CONNECT ON DATABASE {name} TO PUBLIC")
    assert (shut_out.sees, let_in.unreachable) == (0, "")
    assert let_in.sees


def test_rows_that_a_policy_hides_are_not_seen_until_the_printed_statement_shows_them(
    postgresql: DatabaseServer, tmp_path: Path
) -> None:
    url = postgresql.database()
    build_firm(create_engine(url, poolclass=NullPool), size=Size.SMALL, today=TODAY)
    login = give_role(postgresql, url)
    postgresql.execute(
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {servers.MONITOR}",
        "ALTER TABLE invoice ENABLE ROW LEVEL SECURITY",
        url=url,
    )
    site = opened(tmp_path, postgresql, login)
    try:
        [found] = examine(site)
        [mend] = found.mends
        assert mend.statement == f"ALTER ROLE {servers.MONITOR} BYPASSRLS"
        assert "billing.invoice-total" in mend.checks
        postgresql.execute(mend.statement)
        [seen] = examine(site)
        assert not seen.is_blind
    finally:
        postgresql.execute(f"ALTER ROLE {servers.MONITOR} NOBYPASSRLS")


def test_a_secret_that_is_missing_is_told_once(tmp_path: Path) -> None:
    site = open_site(
        tmp_path,
        '[targets.db]\nkind = "mariadb"\nurl = "mariadb://eye@127.0.0.1:1/billing"\n'
        'password = { env = "LEXOPS_TESTS_HAVE_NO_SUCH" }\n',
    )
    [found] = examine(site)
    told = "lexops.toml: [targets.db] password: the environment variable LEXOPS_TESTS_HAVE_NO_SUCH is not set"
    assert (found.unreachable, found.unexplained, found.sees) == (told, (), 0)


def test_the_shipped_role_sees_all_but_the_billing_data(
    firm: tuple[DatabaseServer, str], tmp_path: Path
) -> None:
    server, url = firm
    if server.scheme.startswith("postgresql"):
        site = opened(tmp_path, server, give_role(server, url))
    else:
        site = opened(tmp_path, server, give_mariadb_role(server, url.rpartition("/")[2]))
    [found] = examine(site)
    checks = {check for mend in found.mends for check in mend.checks}
    assert all(check.startswith("billing.") for check in checks), found.mends
    assert found.unexplained == ()
    assert "lexops_monitor" in found.account
    server.execute(*(mend.statement.replace("%", "%%") for mend in found.mends), url=url)
    [content] = examine(site)
    assert not content.is_blind, content


def test_a_finding_that_says_what_is_hidden_carries_its_statement() -> None:
    hidden = Finding(
        "hidden", "3 sequences cannot be seen", Status.UNKNOWN, grant="GRANT x TO lexops_monitor"
    )
    verdict = judge(CHECK, [hidden, Finding("other", "something else")])
    assert (verdict.grants, verdict.hint) == (("GRANT x TO lexops_monitor",), "GRANT x TO lexops_monitor")
    [found] = diagnoses([HERE], [outcome(verdict)])
    assert [mend.checks for mend in found.mends] == [("a.b",)]
