"""Checks that are a SQL file: a header of `-- key: value` lines, then one SELECT.

`rows: findings` means that every row is an offending thing, `rows: values` that every row is a number
(columns `value`, and if wanted `item`, `limit`). A value goes on in lines that begin with `--` and two
or more spaces. SQL over the billing entities names them `lx_invoice` and so on; it is composed with the
target's profile and runs unchanged on every engine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from lexops.billing import logical
from lexops.checks.contract import CannotSee, NotApplicable, RunnableCheck
from lexops.checks.model import Area, Check, Finding, Metric, Note, Observation, Status
from lexops.checks.thresholds import levels
from lexops.clock import parse_duration
from lexops.errors import Denied, QueryFailed
from lexops.targets.database import MAX_ROWS, Database
from lexops.targets.model import DATABASES, Kind
from lexops.text import one_line

KEYS = {
    "id": "unique name, area first: billing.invoice-total",
    "title": "one line that says what is wrong when it fires",
    "code": "row of a catalogue it comes from",
    "area": "health, security, billing, backups or host",
    "on": "kinds of database: sqlite, postgresql, mariadb; all when absent",
    "rows": "findings or values",
    "key": "columns that make a finding's fingerprint",
    "text": "what a finding says, columns in braces",
    "severity": "warning or critical, for findings",
    "money": "columns in minor units",
    "hours": "columns in ten-thousandths of an hour",
    "metric": "name of the value",
    "unit": "s, B, % or nothing, for values",
    "warn": "range, for values",
    "crit": "range, for values",
    "every": "interval",
    "timeout": "how long it may take",
    "attempts": "bad results before it is certain",
    "heavy": "yes when it loads the server",
    "meaning": "what it looks at, and what a failure means",
    "why": "why that matters for billing",
    "mend": "what to do",
    "source": "where the rule or number comes from",
    "grants": "what the monitoring role needs",
    "runbook": "name of a runbook",
    "fault": "the fault with which its test makes it fire",
}
PROFILES = {"reference": logical.reference_profile()}
"""By the name a target's settings give."""
_HEADER = re.compile(r"--\s?([a-z]+):\s*(.*)")
_FIELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class SqlCheck:
    """A parsed file."""

    header: Mapping[str, str]
    sql: str

    def words(self, key: str) -> list[str]:
        """A list value: `a, b`."""
        return [word.strip() for word in self.header.get(key, "").split(",") if word.strip()]


def parse(text: str, origin: str, *, asof: date | None = None) -> RunnableCheck:
    """The check that a file's text declares. Raises ValueError that names key and reason.

    `asof` is the day it speaks about; without it, the server's present one.
    """
    file = read(text)
    for key in file.header:
        if key not in KEYS:
            raise ValueError(f"unknown key {key!r}; allowed: {', '.join(KEYS)}")
    for key in ("id", "title"):
        if not file.header.get(key):
            raise ValueError(f"the header lacks {key!r}: {KEYS[key]}")
    return RunnableCheck(_check(file, origin), _collector(file, asof), text=file.sql)


def read(text: str) -> SqlCheck:
    """Header and SELECT of a file, not yet judged."""
    header: dict[str, str] = {}
    key = ""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if not line.startswith("--"):
            return SqlCheck(header, "\n".join(lines[number:]).strip().rstrip(";"))
        match = _HEADER.fullmatch(line.rstrip())
        if match:
            key = match[1]
            header[key] = match[2]
        elif key and line.startswith("--  "):
            header[key] = f"{header[key]} {line[2:].strip()}"
    return SqlCheck(header, "")


def _check(file: SqlCheck, origin: str) -> Check:
    header, entities = file.header, logical.entities(file.sql)
    if not file.sql:
        raise ValueError("there is no SELECT after the header")
    finds = _rows(header) == "findings"
    return Check(
        id=header["id"],
        title=header["title"].rstrip("."),
        area=Area(header.get("area", "billing" if entities else "health")),
        kinds=frozenset(Kind(word) for word in file.words("on")) or DATABASES,
        meaning=header.get("meaning", ""),
        why=header.get("why", ""),
        mend=header.get("mend", ""),
        every=parse_duration(header.get("every", "15m")),
        timeout=parse_duration(header.get("timeout", "30s")),
        attempts=int(header.get("attempts", "1" if finds else "3")),
        levels=levels(header.get("warn"), header.get("crit")),
        severity=Status(header.get("severity", "warning").upper()),
        source=header.get("source", ""),
        grants=header.get("grants") or _reading(entities),
        runbook=header.get("runbook", ""),
        fault=header.get("fault", ""),
        heavy=header.get("heavy", "no") == "yes",
        entities=entities,
        origin=origin,
    )


def _rows(header: Mapping[str, str]) -> str:
    rows = header.get("rows", "findings")
    if rows not in ("findings", "values"):
        raise ValueError(f"rows: {rows!r} is neither findings nor values")
    return rows


def _collector(file: SqlCheck, asof: date | None) -> Callable[[Database], Iterator[Observation]]:
    make = _finding if _rows(file.header) == "findings" else _metric
    entities = logical.entities(file.sql)

    def collect(db: Database) -> Iterator[Observation]:
        try:
            rows = db.rows(_composed(file.sql, entities, db, asof))
        except Denied as error:
            grant = error.hint or file.header.get("grants") or _grant(entities, db)
            raise CannotSee(str(error), grant=grant) from None
        if len(rows) > MAX_ROWS:
            yield Note("cut", f"there are more than {MAX_ROWS:,} rows; these were looked at")
        for row in rows[:MAX_ROWS]:
            yield make(file, row)

    return collect


def _composed(sql: str, entities: frozenset[str], db: Database, asof: date | None) -> str:
    profile = PROFILES.get(db.target.profile or "")
    if profile is None and entities:
        raise NotApplicable(f"{db.target.name} has no billing profile; set profile in lexops.toml")
    profile = profile or logical.Profile("none", {})
    missing = profile.missing(entities)
    if missing:
        raise NotApplicable(f"profile {profile.name} has no {', '.join(sorted(missing))}")
    return logical.compose(sql, db.kind, profile, asof=asof)


def _reading(entities: frozenset[str]) -> str:
    """The least that lets us read billing entities, where they are tables of the reference profile."""
    return f"GRANT SELECT ON {', '.join(sorted(entities))} TO lexops_monitor" if entities else ""


def _grant(entities: frozenset[str], db: Database) -> str:
    """The statement that lets us read the billing tables; nothing is known about those of others."""
    if not entities:
        return ""
    if db.kind is Kind.POSTGRESQL:
        schema = db.scalar("SELECT coalesce(current_schema(), 'public') AS name")
        return (
            f"GRANT USAGE ON SCHEMA {schema} TO lexops_monitor;"
            f" GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO lexops_monitor"
        )
    if db.kind is Kind.MARIADB:
        return f"GRANT SELECT ON `{db.scalar('SELECT DATABASE() AS name')}`.* TO lexops_monitor"
    return ""


def _finding(file: SqlCheck, row: Mapping[str, Any]) -> Finding:
    shown = {name: _shown(file, name, value) for name, value in row.items()}
    keys = file.words("key") or list(row)[:1]
    missing = next((key for key in keys if key not in row), None)
    if missing is not None:
        raise QueryFailed(f"key: rows have no column {missing}", hint=f"they have: {', '.join(row)}")
    template = file.header.get("text") or ", ".join(f"{name} {{{name}}}" for name in row)
    text = _FIELD.sub(lambda match: shown.get(match[1], match[0]), template)
    severity = Status(file.header.get("severity", "warning").upper())
    return Finding("/".join(str(row[key]) for key in keys), text, severity, shown)


def _shown(file: SqlCheck, name: str, value: Any) -> str:
    if value is None:
        return "none"
    if name in file.words("money"):
        return f"{Decimal(int(value)).scaleb(-2):,.2f}"
    if name in file.words("hours"):
        return f"{Decimal(int(value)).scaleb(-4):,.2f}"
    return one_line(value, 200)


def _metric(file: SqlCheck, row: Mapping[str, Any]) -> Metric:
    if "value" not in row:
        raise QueryFailed("rows of values have a column value, but these have no such column")
    return Metric(
        file.header.get("metric", file.header["id"].rpartition(".")[2]),
        _number(row, "value"),
        file.header.get("unit", ""),
        None if row.get("limit") is None else _number(row, "limit"),
        one_line(row.get("item") or "", 200),
    )


def _number(row: Mapping[str, Any], column: str) -> float:
    try:
        return float(row[column])
    except (TypeError, ValueError):
        given = "NULL" if row[column] is None else repr(one_line(row[column], 60))
        hint = "coalesce(…, 0) where nothing means none" if row[column] is None else ""
        raise QueryFailed(f"a number is wanted in the column {column}, but {given} came", hint=hint) from None
