"""Builds the demo firm in a database: schema, history, and then its problems."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from sqlalchemy import Connection, Engine, func, inspect, select

from lexops.billing import migrate
from lexops.billing.firm.audit import Audit
from lexops.billing.firm.invoicing import Books
from lexops.billing.firm.load import Batch, Progress, count_for_planner, load
from lexops.billing.firm.master import master_rows
from lexops.billing.firm.model import Matter, Plan, Size
from lexops.billing.firm.office import add_months, business_days_later, month_end, month_start, run_day
from lexops.billing.firm.plan import make_plan
from lexops.billing.firm.portal import Portal
from lexops.billing.firm.problems import plant
from lexops.billing.firm.sync import Sync
from lexops.billing.firm.trust import TrustLedger
from lexops.billing.firm.work import Desk, Month
from lexops.billing.schema import METADATA
from lexops.errors import LexOpsError


class NotEmpty(LexOpsError):
    """The database is not empty."""

    hint = "Give an empty database: another file, or one just created."


@dataclass(frozen=True, slots=True)
class FirmSummary:
    """What was built."""

    size: Size
    today: date
    clients: int
    matters: int
    timekeepers: int
    time_entries: int
    invoices: int
    rows: int
    """All rows of all tables, before the problems."""
    problems: tuple[str, ...]
    """Ids of the problems that were planted."""


def build_firm(
    engine: Engine,
    *,
    size: Size,
    today: date,
    seed: int = 1,
    problems: bool = True,
    progress: Progress | None = None,
) -> FirmSummary:
    """Build the firm as it stands on `today`, in one transaction: wholly there, or not at all.

    MariaDB commits the tables themselves at once and needs a commit before the problems, so after an
    interruption empty tables may be left, which the next build fills, or a firm without problems. Raises
    NotEmpty where billing data, or foreign tables of the same names, are found.
    """
    plan = make_plan(size, today, seed)
    if engine.dialect.name in ("mysql", "mariadb"):
        # The note of the revision would else be lost with an interrupted load, and the tables stay.
        with migrate.atomic(engine) as connection:
            _refuse_unless_empty(connection)
            migrate.upgrade(connection)
    with migrate.atomic(engine) as connection:
        _refuse_unless_empty(connection)
        migrate.upgrade(connection)
        counts = load(connection, firm_rows(plan), progress, plan.scale.entries)
        count_for_planner(connection)
        planted = plant(connection) if problems else ()
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    return FirmSummary(
        size=size,
        today=today,
        clients=counts["client"],
        matters=counts["matter"],
        timekeepers=len(plan.timekeepers),
        time_entries=counts["time_entry"],
        invoices=counts["invoice"],
        rows=sum(counts.values()),
        problems=planted,
    )


def _refuse_unless_empty(connection: Connection) -> None:
    ours = [table for table in METADATA.sorted_tables if table.name in inspect(connection).get_table_names()]
    if not ours:
        return
    if migrate.current(connection) != migrate.newest():
        raise NotEmpty(
            f"the database has a table {ours[0].name} that is not LexOps' own, or an unfinished schema"
        )
    for table in ours:
        if connection.scalar(select(func.count()).select_from(table)):
            raise NotEmpty(f"the database already holds billing data (table {table.name})")


def firm_rows(plan: Plan) -> Iterator[Batch]:
    """Every row of the firm, month by month; memory holds one month and what is still open."""
    rng = Random(f"lexops history {plan.seed} {plan.size} {plan.today.isoformat()}")
    trust, audit, portal = TrustLedger(plan, rng), Audit(), Portal(plan, rng)
    desk, books, sync = Desk(plan, rng), Books(plan, rng, trust, audit, portal), Sync(plan.today, rng)
    yield from master_rows(plan, rng)
    yield from portal.rows()
    trust.begin()
    waiting: list[Month] = []
    by_id = {matter.id: matter for matter in plan.matters}
    for number in range(plan.scale.months):
        first = add_months(plan.start, number)
        running = [matter for matter in plan.matters if _runs_in(matter, first, plan.today)]
        for matter in running:
            trust.receive(matter, first)
        month = desk.month(first, running)
        yield from sync.month(first, month.case_times)
        yield from _bill_due(books, waiting, month_end(first), by_id)
        for matter in running:
            trust.top_up(matter, first)
        waiting.append(month)
        books.settle(min(month_end(first), plan.today))
        yield from books.flush()
        yield from trust.close_month(first)
        yield "audit_log", list(audit.close(month_end(first).isoformat()))
    yield from _still_open(books, waiting)
    yield (
        "gl_control",
        [
            (f"AR-{currency}", plan.today.isoformat(), books.receivable[currency])
            for currency in ("EUR", "USD")
        ],
    )


def _runs_in(matter: Matter, first: date, today: date) -> bool:
    return matter.opened <= min(month_end(first), today) and matter.until >= first


def _bill_due(books: Books, waiting: list[Month], until: date, matters: dict[int, Matter]) -> Iterator[Batch]:
    """Bill the waiting months whose run has come."""
    while waiting and (day := run_day(waiting[0].first)) <= min(until, books.plan.today):
        month = waiting.pop(0)
        books.run(month, day, matters)
        for matter in matters.values():
            if month_start(matter.until) == month.first:
                books.trust.pay_out(business_days_later(day, 8), matter)
        yield from books.flush()


def _still_open(books: Books, waiting: list[Month]) -> Iterator[Batch]:
    """Work in progress: what no run has billed yet."""
    for entries, expenses in books.held.values():
        yield "time_entry", entries
        yield "expense", expenses
    for month in waiting:
        yield "time_entry", month.entries
        yield "expense", month.expenses
