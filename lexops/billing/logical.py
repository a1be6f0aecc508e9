"""Checks are written once over the logical model; here they become SQL for one engine and one schema.

    SELECT i.invoice_id FROM lx_invoice i WHERE @days(i.due_date, @asof) > 30

`lx_<entity>` are the entities; a profile says how a real schema supplies them, and only those that a
statement names are put in front of it as common table expressions, so nothing is created on the target.
`@name(...)` are macros for what the engines spell differently:

    @days(a, b)     whole days from a to b              @asof        the day the check speaks about
    @mins(a, b)     whole minutes from a to b           @len(x)      characters
    @add(d, n)      the day n days after d              @cat(a, ...) texts joined; empty if one is empty
    @ym(d)          the month of d, as 2026-03          @int(x)      as a whole number (a sum, for instance)
    @half_up(n, d)  n divided by d > 0 in whole numbers, half away from zero
    @now            this moment in UTC; where the day is given, its first one
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from lexops.billing.model import ENTITIES
from lexops.targets.model import Kind

PREFIX = "lx_"

Macro = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Profile:
    """How one real schema supplies the logical model: a read-only SELECT per entity it has."""

    name: str
    selects: Mapping[str, str]

    def missing(self, entities: frozenset[str]) -> frozenset[str]:
        """Those of `entities` that this schema cannot supply."""
        return entities - self.selects.keys()


def reference_profile() -> Profile:
    """LexOps' own schema, where every entity is a table of the same name."""
    return Profile(
        "reference",
        {name: f"SELECT {', '.join(entity.columns)} FROM {name}" for name, entity in ENTITIES.items()},
    )


def entities(sql: str) -> frozenset[str]:
    """The logical entities a statement names. Raises ValueError for a name the model does not have."""
    names = frozenset(
        piece.removeprefix(PREFIX) for piece, code in _pieces(sql) if code if piece.startswith(PREFIX)
    )
    if unknown := names - ENTITIES.keys():
        raise ValueError(f"no such entity: {', '.join(PREFIX + name for name in sorted(unknown))}")
    return names


def compose(sql: str, kind: Kind, profile: Profile, *, asof: date | None = None) -> str:
    """`sql` as the engine of `kind` runs it against the schema of `profile`.

    `asof` is the day that `@asof` means; without it, the server's present day in UTC. Raises ValueError
    for an unknown macro or entity, and for an entity the profile lacks.
    """
    named = entities(sql)
    if lacking := profile.missing(named):
        raise ValueError(f"profile {profile.name} has no {', '.join(sorted(lacking))}")
    macros = _macros(kind, asof)
    tables = [
        f"{PREFIX}{name} AS {_INLINE[kind]}({expand(profile.selects[name], macros)})"
        for name in ENTITIES
        if name in named
    ]
    body = _without_leading_comments(expand(sql, macros)).rstrip().rstrip(";")
    if not tables:
        return body
    return f"WITH {_merged(', '.join(tables), body)}"


def _merged(tables: str, body: str) -> str:
    """What follows WITH: our tables, the statement's own, the statement."""
    words = body.split(maxsplit=2)
    if words[0].upper() != "WITH":
        return f"{tables}\n{body}"
    if words[1].upper() == "RECURSIVE":
        return f"RECURSIVE {tables}, {words[2]}"
    return f"{tables}, {words[1]} {words[2]}"


def expand(sql: str, macros: Mapping[str, Macro]) -> str:
    """Replace every `@name` and `@name(argument, ...)` outside strings and comments."""
    return "".join(_expanded(piece, macros) if code else piece for piece, code in _calls(sql))


def _expanded(call: str, macros: Mapping[str, Macro]) -> str:
    name, _, inside = call[1:].partition("(")
    macro = macros.get(name)
    if macro is None:
        raise ValueError(f"no such macro: @{name}; there are {', '.join('@' + known for known in macros)}")
    arguments = [expand(part.strip(), macros) for part in _arguments(inside[:-1])] if inside else []
    try:
        return macro(*arguments)
    except TypeError:
        raise ValueError(f"@{name} does not take {len(arguments)} arguments") from None


def _calls(sql: str) -> Iterator[tuple[str, bool]]:
    """`sql` cut into macro calls (True) and everything between them."""
    pieces = list(_pieces(sql))
    starts = [i for i, (piece, code) in enumerate(pieces) if code and piece == "@"]
    at = 0
    for start in starts:
        if start < at:
            continue  # inside the arguments of a call already taken
        yield "".join(piece for piece, _ in pieces[at:start]), False
        at = _end_of_call(pieces, start)
        yield "".join(piece for piece, _ in pieces[start:at]), True
    yield "".join(piece for piece, _ in pieces[at:]), False


def _end_of_call(pieces: list[tuple[str, bool]], start: int) -> int:
    """The index after a call that starts at the `@` in `pieces[start]`."""
    at = start + 2
    if at >= len(pieces) or pieces[at] != ("(", True):
        return min(at, len(pieces))
    depth = 0
    for index in range(at, len(pieces)):
        piece, code = pieces[index]
        depth += ((piece == "(") - (piece == ")")) if code else 0
        if depth == 0:
            return index + 1
    raise ValueError(f"@{pieces[start + 1][0]}( is not closed")


def _arguments(inside: str) -> list[str]:
    """The arguments between a call's parentheses: split at its own commas only."""
    parts, depth = [""], 0
    for piece, code in _pieces(inside):
        if code and piece == "," and depth == 0:
            parts.append("")
            continue
        depth += ((piece == "(") - (piece == ")")) if code else 0
        parts[-1] += piece
    return parts


def _pieces(sql: str) -> Iterator[tuple[str, bool]]:
    """`sql` as words and single signs (True), quoted text and comments (False)."""
    at = 0
    while at < len(sql):
        end, code = _piece_end(sql, at)
        yield sql[at:end], code
        at = end


def _piece_end(sql: str, at: int) -> tuple[int, bool]:
    sign = sql[at]
    if sign in "'\"`":
        closing = sql.find(sign, at + 1)
        return (closing + 1 if closing >= 0 else len(sql)), False
    if sql.startswith("--", at):
        newline = sql.find("\n", at)
        return (newline if newline >= 0 else len(sql)), False
    if not (sign.isalnum() or sign == "_"):
        return at + 1, True
    end = at
    while end < len(sql) and (sql[end].isalnum() or sql[end] == "_"):
        end += 1
    return end, True


def _without_leading_comments(sql: str) -> str:
    lines = sql.lstrip().splitlines()
    while lines and (not lines[0].strip() or lines[0].lstrip().startswith("--")):
        lines.pop(0)
    return "\n".join(lines)


# SQLite computes a common table expression that is used twice once, without its indexes, unless told not
# to; so does PostgreSQL. MariaDB always looks through, and does not know the words.
_INLINE = {Kind.SQLITE: "NOT MATERIALIZED ", Kind.POSTGRESQL: "NOT MATERIALIZED ", Kind.MARIADB: ""}

_TODAY = {
    Kind.SQLITE: "date('now')",
    Kind.POSTGRESQL: "CAST(now() AT TIME ZONE 'UTC' AS date)",
    Kind.MARIADB: "UTC_DATE()",
}
_DAY = {Kind.SQLITE: "'{}'", Kind.POSTGRESQL: "DATE '{}'", Kind.MARIADB: "DATE '{}'"}
_NOW = {
    Kind.SQLITE: "datetime('now')",
    Kind.POSTGRESQL: "(now() AT TIME ZONE 'UTC')",
    Kind.MARIADB: "UTC_TIMESTAMP()",
}
_MIDNIGHT = {
    Kind.SQLITE: "'{} 00:00:00'",
    Kind.POSTGRESQL: "TIMESTAMP '{} 00:00:00'",
    Kind.MARIADB: "TIMESTAMP '{} 00:00:00'",
}


def _halves(divide: str) -> Macro:
    """Half away from zero from truncating integer division: (2n + d) / 2d, mirrored below zero."""

    def half_up(n: str, d: str) -> str:
        up = f"(2*({n})+({d})) {divide} (2*({d}))"
        down = f"-((-2*({n})+({d})) {divide} (2*({d})))"
        return f"(CASE WHEN ({n}) < 0 THEN {down} ELSE {up} END)"

    return half_up


def _macros(kind: Kind, asof: date | None) -> dict[str, Macro]:
    day = _DAY[kind].format(asof.isoformat()) if asof else _TODAY[kind]
    now = _MIDNIGHT[kind].format(asof.isoformat()) if asof else _NOW[kind]
    return {**_ENGINES[kind], "asof": lambda: day, "now": lambda: now}


def _bigint(x: str) -> str:
    return f"CAST({x} AS bigint)"


_ENGINES: Mapping[Kind, Mapping[str, Macro]] = {
    Kind.SQLITE: {
        "days": lambda a, b: f"CAST(julianday(date({b})) - julianday(date({a})) AS INTEGER)",
        "mins": lambda a, b: f"((strftime('%s', {b}) - strftime('%s', {a})) / 60)",
        "add": lambda d, n: f"date({d}, ({n}) || ' days')",
        "ym": lambda d: f"substr({d}, 1, 7)",
        "len": lambda x: f"length({x})",
        "cat": lambda *parts: f"({' || '.join(f'({part})' for part in parts)})",
        "int": lambda x: f"CAST({x} AS INTEGER)",
        "half_up": _halves("/"),
    },
    Kind.POSTGRESQL: {
        "days": lambda a, b: f"(CAST({b} AS date) - CAST({a} AS date))",
        "mins": lambda a, b: f"CAST(trunc(EXTRACT(EPOCH FROM ({b} - {a})) / 60) AS bigint)",
        "add": lambda d, n: f"(CAST({d} AS date) + CAST({n} AS integer))",
        "ym": lambda d: f"to_char({d}, 'YYYY-MM')",
        "len": lambda x: f"length({x})",
        "cat": lambda *parts: f"({' || '.join(f'CAST({part} AS text)' for part in parts)})",
        "int": _bigint,
        # The sum of a bigint is numeric there, whose division keeps the fraction.
        "half_up": lambda n, d: _halves("/")(_bigint(n), _bigint(d)),
    },
    Kind.MARIADB: {
        "days": lambda a, b: f"DATEDIFF({b}, {a})",
        "mins": lambda a, b: f"TIMESTAMPDIFF(MINUTE, {a}, {b})",
        "add": lambda d, n: f"DATE_ADD(DATE({d}), INTERVAL ({n}) DAY)",
        "ym": lambda d: f"LEFT({d}, 7)",
        "len": lambda x: f"CHAR_LENGTH({x})",
        "cat": lambda *parts: f"CONCAT({', '.join(parts)})",
        "int": lambda x: f"CAST({x} AS SIGNED)",
        "half_up": _halves("DIV"),
    },
}
