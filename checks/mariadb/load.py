"""Has the server room for more, and what does it lose time with?"""

from __future__ import annotations

from collections.abc import Iterator

from lexops.checks.contract import MariaDB, Metric, Note, Observation, Usual, check

from .figures import Counters, number, settings

FEWEST = 100
"""Connections in 10 minutes below which a share of them says nothing."""
FEWEST_TABLES = 1000
"""Temporary tables, or table locks, in 10 minutes below which a share of them says nothing."""


@check(
    "mariadb.connections",
    target=MariaDB,
    every="1m",
    warn="80%",
    crit="90%",
    metrics={"refused": (None, "0")},
    source="awesome-prometheus-alerts: 80 %; netdata: 90 %; any connection refused within 10 minutes is"
    " critical",
    mend="See who holds them: SHOW PROCESSLIST; end what is left over: KILL id. If it comes back, lower the"
    " application's pool or raise max_connections.",
    trends=(Usual("connections", least=10.0),),
    fault="connections are opened until the server refuses one",
)
def connections(db: MariaDB) -> Iterator[Metric]:
    """Connections run out.

    Counts the connections there are against max_connections, and those that were refused for want of room. A
    pool that is too large, or one that leaks, uses them up.

    When none is left, the billing application cannot log in: time entry and invoicing stop at once,
    usually at the end of the month, when everybody works in it.
    """
    counters, limit = Counters(db), number(settings(db), "max_connections")
    yield Metric("connections", counters.now("Threads_connected"), limit=limit)
    yield Metric("most_since_start", counters.now("Max_used_connections"), limit=limit, info=True)
    if refused := counters.grown("Connection_errors_max_connections"):
        yield Metric("refused", refused.by)


@check(
    "mariadb.threads-running",
    target=MariaDB,
    every="1m",
    attempts=5,
    warn="60%",
    crit="80%",
    source="awesome-prometheus-alerts, threads running: 60 % of max_connections; 80 % is LexOps' own"
    " judgement",
    mend="See what they do: mariadb.lock-waits, mariadb.metadata-locks, SHOW PROCESSLIST. End the one"
    " statement that the others stand behind.",
    trends=(Usual("running", least=5.0), Usual("statements", least=5.0)),
    fault="sessions that all run a statement",
)
def threads_running(db: MariaDB) -> Iterator[Metric]:
    """Too many statements run at once.

    Counts the connections that are at work at this moment; idle ones do not count. A healthy server has few,
    because each is done soon: many mean that something holds them all up.

    The people who wait for them see a billing application that hangs.
    """
    counters = Counters(db)
    limit = number(settings(db), "max_connections")
    yield Metric("running", counters.now("Threads_running"), limit=limit)
    if statements := counters.grown("Queries", over="0s"):
        yield Metric("statements", statements.per_second, "/s", info=True)


@check(
    "mariadb.aborted",
    target=MariaDB,
    every="5m",
    warn="3%",
    crit="10%",
    source=f"MySQLTuner: 3 %; 10 % is LexOps' own judgement; at least {FEWEST} connections in 10 minutes"
    " are assumed",
    mend="Aborted connects: look for wrong passwords and scanners in the error log (log_warnings = 2)."
    " Aborted clients: let the application close its connections, and raise wait_timeout and"
    " max_allowed_packet.",
    fault="clients that fail to log in, again and again",
)
def aborted(db: MariaDB) -> Iterator[Metric]:
    """Connections break off.

    Compares connections that were not established, and those whose client went away without closing them,
    with all there were in the last 10 minutes. Wrong passwords, a broken network or crashing programs do
    that.

    A transaction whose client goes away is rolled back: what was being entered is lost. And somebody who
    tries passwords on a database of client data shows here first.
    """
    counters = Counters(db)
    every = counters.grown("Connections")
    for name, counter in (("aborted connects", "Aborted_connects"), ("aborted clients", "Aborted_clients")):
        grown = counters.grown(counter)
        if every and grown:
            yield Metric(name, grown.by, limit=max(every.by, FEWEST))


@check(
    "mariadb.slow-statements",
    target=MariaDB,
    every="1m",
    attempts=5,
    warn="1",
    crit="2",
    source="netdata: 10 and 20 in 10 seconds",
    mend="Find them: with slow_query_log = ON they are in the slow log, and mysqldumpslow sums it up. Most"
    " want an index.",
    fault="statements that take longer than long_query_time",
)
def slow_statements(db: MariaDB) -> Iterator[Observation]:
    """Many statements are slow.

    Counts, over 5 minutes, those that take longer than long_query_time. The server counts them whether it
    logs them or not.

    Pre-bills and time lists take their time with them; when there are many, everybody waits.
    """
    slow = Counters(db).grown("Slow_queries", over="5m")
    if slow:
        yield Metric("slow", slow.per_second, "/s")
    yield Note("slow is longer than", f"{number(settings(db), 'long_query_time'):g} s")


@check(
    "mariadb.temporary-tables",
    target=MariaDB,
    every="5m",
    warn="25%",
    crit="50%",
    source=f"MySQLTuner: 25 %; 50 % is LexOps' own judgement; at least {FEWEST_TABLES} in 10 minutes are"
    " assumed",
    mend="Raise tmp_table_size and max_heap_table_size together, and let reports select fewer long text"
    " columns: before MySQL 8 those always go to disk.",
    fault="groupings over text columns, which do not fit into memory",
)
def temporary_tables(db: MariaDB) -> Iterator[Metric]:
    """Temporary tables go to disk.

    Compares the temporary tables that sorting and grouping wrote to disk with all of the last 10 minutes.
    MySQL from 8.0 on counts only those that overflow TempTable.

    Invoice runs and month-end reports are made of such tables: on disk they take many times as long.
    """
    counters = Counters(db)
    every, disk = counters.grown("Created_tmp_tables"), counters.grown("Created_tmp_disk_tables")
    if every and disk:
        yield Metric("on disk", disk.by, limit=max(every.by, FEWEST_TABLES))


@check(
    "mariadb.table-locks",
    target=MariaDB,
    every="5m",
    warn="10%",
    crit="25%",
    source=f"netdata: 10 % clears, 25 % warns; at least {FEWEST_TABLES} locks in 10 minutes are assumed",
    mend="Turn the tables that mariadb.not-innodb names into InnoDB tables, which lock rows instead.",
    fault="a session waits for a MyISAM table that another one has locked",
)
def table_locks(db: MariaDB) -> Iterator[Metric]:
    """Statements wait for whole tables.

    Compares the table locks that had to be waited for with all of the last 10 minutes. InnoDB does not need
    them; MyISAM and LOCK TABLES do.

    Everybody who enters time waits while one person's report reads the table.
    """
    counters = Counters(db)
    waited, at_once = counters.grown("Table_locks_waited"), counters.grown("Table_locks_immediate")
    if waited and at_once:
        yield Metric("waited for", waited.by, limit=max(waited.by + at_once.by, FEWEST_TABLES))


@check(
    "mariadb.open-files",
    target=MariaDB,
    every="5m",
    warn="75%",
    crit="85%",
    source="awesome-prometheus-alerts: 75 %; MySQLTuner: 85 %",
    mend="Raise open_files_limit, and LimitNOFILE of the server's unit; it needs a restart.",
    fault="a server that may open only a few files",
)
def open_files(db: MariaDB) -> Iterator[Metric]:
    """Server runs out of open files.

    Adds up the files that the server and InnoDB hold open, against open_files_limit.

    Then tables cannot be opened: statements fail with error 24 wherever the application happens to be, in the
    middle of a billing run, too.
    """
    counters = Counters(db)
    used = counters.now("Open_files") + counters.now("Innodb_num_open_files")
    yield Metric("open files", used, limit=number(settings(db), "open_files_limit"))
