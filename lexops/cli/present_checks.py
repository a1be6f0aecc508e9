"""Checks as declared: lines of text, JSON and the page docs/checks.md. Pure over the declarations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from lexops.checks.thresholds import Levels
from lexops.clock import show_duration
from lexops.text import one_line, plural

if TYPE_CHECKING:
    from lexops.checks.contract import Forecast, RunnableCheck, Trend
    from lexops.checks.doctor import Diagnosis

SHOWN = 8
"""Names of checks that stand behind a statement; JSON has all."""
_GROUPS = {
    "postgresql": "PostgreSQL",
    "mariadb": "MariaDB",
    "sqlite": "SQLite",
    "host": "Hosts",
    "endpoint": "Endpoints",
    "billing": "Billing data",
    "lexops": "LexOps itself",
}
_HEAD = """\
# Checks

Every check that ships with LexOps, as declared: what it looks at, why that matters for billing, what to do,
its thresholds and where they come from, the grants it needs, and the fault with which the tests make it fire.
`lexops check show NAME` tells the same, with the state on your site. This page is written by
`lexops check list --catalogue --format markdown`.

How a threshold is read, and how a site changes one: [writing-checks.md](writing-checks.md#thresholds) and
[configuration.md](configuration.md).
"""


@dataclass(frozen=True)
class Definition:
    """A check as it is here: as shipped, or as the site has overridden it."""

    runnable: RunnableCheck
    overridden: Mapping[str, str] = field(default_factory=dict)
    """What the site has changed: field and the value as shipped."""

    @classmethod
    def of(cls, runnable: RunnableCheck, shipped: RunnableCheck | None) -> Definition:
        return cls(runnable, _overridden(runnable, shipped) if shipped else {})


def _overridden(runnable: RunnableCheck, shipped: RunnableCheck) -> dict[str, str]:
    now, before = runnable.check, shipped.check
    pairs = {
        "every": (show_duration(now.every), show_duration(before.every)),
        "timeout": (show_duration(now.timeout), show_duration(before.timeout)),
        "attempts": (str(now.attempts), str(before.attempts)),
        "thresholds": (limits(now.levels), limits(before.levels)),
    }
    for name in sorted({*now.levels_of, *before.levels_of}):
        pairs[f"thresholds of {name}"] = (limits(now.levels_for(name)), limits(before.levels_for(name)))
    return {name: was or "none" for name, (is_, was) in pairs.items() if is_ != was}


def limits(levels: Levels) -> str:
    """Both thresholds in one phrase."""
    named = (("warning outside", levels.warn), ("critical outside", levels.crit))
    return ", ".join(f"{word} {level.text}" for word, level in named if level is not None)


def definition_json(definition: Definition) -> dict[str, Any]:
    """A check's declaration as data."""
    check, runnable = definition.runnable.check, definition.runnable
    return {
        "check": check.id,
        "title": check.title,
        "area": check.area.value,
        "kinds": sorted(kind.value for kind in check.kinds),
        "meaning": check.meaning,
        "why": check.why,
        "mend": check.mend,
        "runbook": check.runbook or None,
        "every_seconds": check.every.total_seconds(),
        "timeout_seconds": check.timeout.total_seconds(),
        "attempts": check.attempts,
        "heavy": check.heavy,
        "availability": check.availability,
        **_levels_json(check.levels),
        "metrics": {name: _levels_json(levels) for name, levels in check.levels_of.items()},
        "severity": check.severity.value,
        "source": check.source,
        "overridden": dict(definition.overridden),
        "grants": check.grants,
        "trends": [{"kind": type(t).__name__.lower(), "metric": t.metric} for t in runnable.trends],
        "fault": check.fault or None,
        "sql": {version: name for version, name in sql_files(runnable)},
        "entities": sorted(check.entities),
        "origin": check.origin,
    }


def _levels_json(levels: Levels) -> dict[str, str | None]:
    return {
        "warn": levels.warn.text if levels.warn else None,
        "crit": levels.crit.text if levels.crit else None,
    }


def definition_lines(definition: Definition) -> list[tuple[str, str]]:
    """A check's declaration, label and text."""
    check = definition.runnable.check
    pairs = [
        ("check", check.id),
        ("title", check.title),
        ("for", ", ".join(sorted(kind.value for kind in check.kinds))),
        *facts(definition.runnable),
        *_changed(definition),
        ("from", check.origin),
    ]
    return [(label, one_line(text, 2000)) for label, text in pairs if text]


def _changed(definition: Definition) -> Iterator[tuple[str, str]]:
    for name, was in definition.overridden.items():
        yield "here", f"{name} set by this site; as shipped: {was}"


def facts(runnable: RunnableCheck) -> Iterator[tuple[str, str]]:
    """What is declared of a check beside its name, label and text; empty texts where nothing is."""
    check = runnable.check
    weight = ", alone on its server" if check.heavy else ""
    yield "means", check.meaning
    yield "why", check.why
    yield "do", check.mend
    yield "runbook", check.runbook
    yield "thresholds", limits(check.levels)
    for name, levels in check.levels_of.items():
        yield f"  {name}", limits(levels) or "kept, not judged"
    if not check.has_levels:
        yield "severity", f"{check.severity.lower()} unless a finding says itself"
    yield "source", check.source
    yield "runs", f"every {show_duration(check.every)}, at most {show_duration(check.timeout)}{weight}"
    yield "certain", f"after {plural(check.attempts, 'bad result')} in a row"
    yield "needs", check.grants or "a log-in"
    yield "trends", "; ".join(map(_trend, runnable.trends))
    yield "fault", check.fault
    yield "sql", ", ".join(f"{name} ({version})" for version, name in sql_files(runnable))


def _trend(trend: Trend) -> str:
    if type(trend).__name__ == "Usual":
        return f"{trend.metric}: as usual at this hour of the week?"
    forecast: Forecast = trend  # type: ignore[assignment]
    critical = f", critical {forecast.crit}" if forecast.crit else ""
    return f"{forecast.metric}: time until its limit (warning {forecast.warn}{critical})"


def sql_files(runnable: RunnableCheck) -> list[tuple[str, str]]:
    """The SQL files of a check: from which server version on, and the name. A SQL check is its own file."""
    if runnable.text:
        return [("all versions", f"{runnable.check.id.rpartition('.')[2]}.sql")]
    if runnable.sql is None:
        return []
    there = sorted(file.name for file in runnable.sql.root.iterdir() if file.name.endswith(".sql"))
    asked = _constants(runnable.collect)
    return [
        (f"from {since}" if since else "all versions", name)
        for name in there
        for stem, _, since in [name.removesuffix(".sql").partition(".")]
        if stem in asked
    ]


def _constants(function: object, seen: set[object] | None = None) -> set[str]:
    """The texts that stand in a function, and in the functions and classes of its module that it uses."""
    seen = set() if seen is None else seen
    if isinstance(function, type) and function not in seen:
        seen.add(function)
        return {text for method in vars(function).values() for text in _constants(method, seen)}
    if not isinstance(function, FunctionType) or function in seen:
        return set()
    seen.add(function)
    found, codes = set(), [function.__code__]
    for code in codes:
        codes += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        found |= set(_texts(code.co_consts))
        for name in code.co_names:
            found |= _constants(function.__globals__.get(name), seen)
    return found


def _texts(constant: object) -> Iterator[str]:
    if isinstance(constant, str):
        yield constant
    elif isinstance(constant, tuple):
        for each in constant:
            yield from _texts(each)


def sql_texts(runnable: RunnableCheck) -> Iterator[tuple[str, str]]:
    """The name and the text of each SQL file."""
    for _, name in sql_files(runnable):
        if runnable.text:
            yield name, runnable.text
        elif runnable.sql is not None:
            yield name, runnable.sql.root.joinpath(name).read_text(encoding="utf-8").rstrip()


def catalogue_row(runnable: RunnableCheck) -> tuple[str, ...]:
    """One line of the list of everything there is."""
    check = runnable.check
    return (check.id, check.area.value, show_duration(check.every), check.title)


def markdown(checks: Iterable[RunnableCheck]) -> str:
    """The page docs/checks.md."""
    groups: dict[str, list[RunnableCheck]] = {name: [] for name in _GROUPS}
    for runnable in checks:
        groups.setdefault(runnable.check.id.partition(".")[0], []).append(runnable)
    filled = {name: sorted(found, key=lambda r: r.check.id) for name, found in groups.items() if found}
    lines = [_HEAD]
    for name, found in filled.items():
        lines.append(f"- [{_heading(name)}](#{_anchor(_heading(name))}) ({plural(len(found), 'check')})")
        lines += [f"  - [`{r.check.id}`](#{_anchor(r.check.id)}) {r.check.title}" for r in found]
    for name, found in filled.items():
        lines += ["", f"## {_heading(name)}"]
        lines += [line for runnable in found for line in _section(runnable)]
    return "\n".join(lines) + "\n"


def _heading(group: str) -> str:
    return _GROUPS.get(group, group)


def _anchor(heading: str) -> str:
    """As GitHub makes it from a heading."""
    return "".join(c for c in heading.lower().replace(" ", "-") if c.isalnum() or c in "-_")


def _section(runnable: RunnableCheck) -> Iterator[str]:
    check = runnable.check
    yield from ("", f"### {check.id}", "", f"{check.title}.")
    for text in (check.meaning, check.why):
        if text:
            yield from ("", text)
    yield from ("", "| | |", "|---|---|")
    kinds = ", ".join(sorted(kind.value for kind in check.kinds))
    for label, text in [("for", kinds), *facts(runnable)]:
        if text and label not in ("means", "why"):
            name = f"thresholds of {label.strip()}" if label.startswith(" ") else label
            yield f"| {name} | {one_line(text, 4000).replace('|', chr(92) + '|')} |"


def role_script(kind: str) -> str:
    """The shipped script that makes the monitoring role on a kind of server."""
    return files("lexops_checks.roles").joinpath(f"{kind}.sql").read_text(encoding="utf-8")


def diagnosis_lines(diagnosis: Diagnosis) -> list[str]:
    """What can be seen of a target, and what mends the rest."""
    account = f", as {diagnosis.account}" if diagnosis.account else ""
    head = f"{diagnosis.target} ({diagnosis.kind}{account})"
    if diagnosis.unreachable:
        hint = [f"  {_statement(diagnosis.hint)}"] if diagnosis.hint else []
        return [f"{head}: cannot be reached: {diagnosis.unreachable}", *hint]
    if not diagnosis.is_blind:
        return [f"{head}: {plural(diagnosis.sees, 'check')}, all can see"]
    lines = [f"{head}: {plural(diagnosis.sees, 'check')} can see; to see the rest:"]
    for mend in diagnosis.mends:
        more = f" and {len(mend.checks) - SHOWN} more" if len(mend.checks) > SHOWN else ""
        lines += [f"  {_statement(mend.statement)}", f"      for {', '.join(mend.checks[:SHOWN])}{more}"]
    lines += [f"  {check}: {reason}" for check, reason in diagnosis.unexplained]
    return lines


def _statement(statement: str) -> str:
    is_sql = statement.partition(" ")[0] in ("ALTER", "CREATE", "GRANT", "SET")
    return f"{statement};" if is_sql else statement


def diagnosis_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """The same as data."""
    return {
        "target": diagnosis.target,
        "kind": diagnosis.kind.value,
        "account": diagnosis.account or None,
        "sees": diagnosis.sees,
        "blind": diagnosis.is_blind,
        "unreachable": diagnosis.unreachable or None,
        "hint": diagnosis.hint or None,
        "mend": [{"statement": m.statement, "checks": list(m.checks)} for m in diagnosis.mends],
        "unexplained": [{"check": check, "reason": reason} for check, reason in diagnosis.unexplained],
    }
