"""Is the server there, since when, and will its version and certificate last?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time

from lexops.checks.contract import (
    Area,
    CannotSee,
    Finding,
    MariaDB,
    Metric,
    NotApplicable,
    Note,
    Observation,
    check,
)
from lexops.text import one_line

from .figures import Counters, settings
from .releases import AS_OF, end_of_life

_LOOPBACK = ("127.", "::1", "localhost")


@check(
    "mariadb.availability",
    target=MariaDB,
    every="1m",
    warn="1s",
    source="blackbox exporter practice: an answer that takes more than 1 s is slow",
    mend="See whether the server runs and what it says: systemctl status mariadb, then its error log.",
    availability=True,
    fault="the connection is killed",
)
def availability(db: MariaDB) -> Iterator[Metric]:
    """Database does not answer.

    Connects, logs in and asks for nothing (SELECT 1). When that fails the server is down, the network is, or
    it refuses LexOps; when it is slow, every click in the billing application is.

    While the database does not answer, no time can be entered, no bill made and no payment posted.
    """
    yield Metric("connect", db.connect_seconds, "s")
    yield Metric("ping", db.ping(), "s")
    yield Metric("uptime", Counters(db).now("Uptime"), "s", info=True)


@check(
    "mariadb.restarted",
    target=MariaDB,
    every="1m",
    attempts=1,
    warn="10m:",
    source="LexOps' own judgement: a restart is told for 10 minutes",
    mend="If nobody meant it, read why in the error log, from the last line before the start on; 'Starting"
    " crash recovery' there says that the server had fallen.",
    fault="the server is stopped and started again",
)
def restarted(db: MariaDB) -> Iterator[Observation]:
    """Server was restarted.

    Looks at how long the server has been up. Whether it was stopped or had fallen, the server does not tell
    over SQL: only its error log knows.

    A restart ends every open transaction: whoever was entering time or posting a payment had an error, and
    batches such as a billing run have stopped half-way.
    """
    yield Metric("uptime", Counters(db).now("Uptime"), "s")


@check(
    "mariadb.version",
    target=MariaDB,
    area=Area.SECURITY,
    every="1d",
    attempts=1,
    warn="90d:",
    crit="0s:",
    source=f"the makers' end-of-life dates as MySQLTuner lists them, as of {AS_OF}; the three months before"
    " are LexOps' own judgement",
    mend="Plan the upgrade to a long-term series (MariaDB 11.4, 11.8 or 12.3; MySQL 8.4); test it on a copy"
    " first.",
    fault="a threshold that lies beyond the end of the series",
)
def version(db: MariaDB) -> Iterator[Observation]:
    """Server version is at its end of life.

    Compares the release series with the makers' dates. Nobody mends an older one: neither holes that are
    found in it nor faults that destroy data.

    Client data and trust money under software without security fixes is what auditors and insurers of a law
    firm ask about first.
    """
    name = f"{'MySQL' if db.is_mysql else 'MariaDB'} {'.'.join(map(str, db.version))}"
    end = end_of_life(db.version, is_mysql=db.is_mysql)
    if end is None:
        raise CannotSee(f"{name} is newer than the table of {AS_OF}; a newer LexOps knows it")
    left = datetime.combine(end, time.max, UTC) - db.memory.at
    yield Metric("left", left.total_seconds(), "s", item=name)
    yield Note("end of life", f"{end} (as of {AS_OF})")


@check(
    "mariadb.certificate",
    target=MariaDB,
    area=Area.SECURITY,
    every="1h",
    attempts=1,
    warn="20d:",
    crit="3d:",
    source="awesome-prometheus-alerts, certificate expiry: 20 and 3 days",
    mend="Renew the certificate, then FLUSH SSL (MariaDB) or ALTER INSTANCE RELOAD TLS (MySQL). Where there"
    " is none, set ssl_cert and ssl_key.",
    fault="a certificate that ends tomorrow",
)
def certificate(db: MariaDB) -> Iterator[Observation]:
    """Server's certificate ends, or there is none.

    Reads until when the certificate is valid that the server shows to its clients; a server that can be
    reached over the network without one is told, too.

    When it has ended, clients that verify it refuse to connect, and billing stands still; without one, client
    names and narratives cross the network in the clear.
    """
    until = Counters(db).values.get("Ssl_server_not_after", "")
    if until:
        yield Metric("left", (not_after(until) - db.memory.at).total_seconds(), "s")
        return
    yield without_tls(settings(db))


def without_tls(values: Mapping[str, str]) -> Finding:
    """The fault of a server without a certificate; raises NotApplicable when nobody else can reach it."""
    address = values.get("bind_address") or "*"
    if values.get("skip_networking") == "ON" or address.startswith(_LOOPBACK):
        raise NotApplicable("without TLS, but it takes connections from its own machine only")
    return Finding("none", f"no TLS, and connections are taken from the network ({one_line(address, 60)})")


def not_after(text: str) -> datetime:
    """The end of a certificate as OpenSSL writes it, `Nov 22 04:00:00 2036 GMT`; raises CannotSee."""
    try:
        return datetime.strptime(text, "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
    except ValueError:
        raise CannotSee(f"the end of the certificate cannot be read: {one_line(text, 60)}") from None
