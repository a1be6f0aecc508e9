"""`lexops check …`: list, show, run, examine and export checks; what else is done with them is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from lexops.cli.drawn import Area
from lexops.cli.program import (
    JsonOption,
    SiteOption,
    leave,
    narrate,
    program,
    say,
    say_json,
    say_raw,
    say_table,
)
from lexops.cli.triage import quiet, tree, triage
from lexops.text import one_line, plural

if TYPE_CHECKING:
    from lexops.checks.contract import RunnableCheck
    from lexops.checks.doctor import Diagnosis
    from lexops.checks.view import CheckDetail
    from lexops.cli.present_checks import Definition
    from lexops.errors import LexOpsError
    from lexops.site import Site

commands = typer.Typer(cls=Area, help="Checks: what is looked at, and what came out.", no_args_is_help=True)
for twin in (triage, tree, quiet):
    commands.command()(twin)

TargetOption = Annotated[str | None, typer.Option("--target", "-t", help="Only this target.")]
CheckArgument = Annotated[str | None, typer.Argument(help="A check, or the beginning of its name (billing).")]


class ListFormat(StrEnum):
    """How the catalogue is written."""

    TEXT = "text"
    MARKDOWN = "markdown"


class RunFormat(StrEnum):
    """How results are written."""

    TEXT = "text"
    NAGIOS = "nagios"


class ExportFormat(StrEnum):
    """For whom results are written."""

    PROMETHEUS = "prometheus"
    NAGIOS = "nagios"
    CHECKMK = "checkmk"
    JSON = "json"


class RoleScript(StrEnum):
    """Servers with a shipped role."""

    POSTGRESQL = "postgresql"
    MARIADB = "mariadb"


@commands.command("list")
def list_(
    context: typer.Context,
    target: TargetOption = None,
    catalogue: Annotated[
        bool, typer.Option("--catalogue", help="Every installed check, also those that no target has.")
    ] = False,
    format_: Annotated[
        ListFormat, typer.Option("--format", help="With --catalogue: markdown is docs/checks.md.")
    ] = ListFormat.TEXT,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the checks of this site with their state; or everything that is installed.

    Examples: lexops check list --target billing-db        lexops check list --catalogue
    """
    from lexops.cli import present

    if catalogue:
        _list_catalogue(format_, as_json)
        return
    opened = program(context).open_site(site)
    opened.assign_checks()
    fleet = opened.fleet()
    rows = [row for row in fleet.checks if target in (None, row.target)]
    if target is not None and not rows:
        raise _no_target(target)
    if as_json:
        say_json({"checks": [present.check_json(row) for row in rows], "broken": dict(fleet.broken_plugins)})
        return
    say_table(present.problem_row(row, fleet.at) for row in rows)
    _narrate_broken(fleet.broken_plugins)


def _narrate_broken(broken: Mapping[str, str]) -> None:
    for name, reason in broken.items():
        narrate(f"broken and left out: {name}: {reason}")


def _no_target(name: str) -> LexOpsError:
    from lexops.errors import NotFound

    return NotFound(f"there is no target {name!r} with checks", hint="see: lexops check list")


def _list_catalogue(format_: ListFormat, as_json: bool) -> None:
    from lexops.checks.registry import load
    from lexops.cli import present_checks as declared

    registry = load()
    found: Iterable[RunnableCheck] = registry.checks.values()
    if as_json:
        say_json({"checks": [declared.definition_json(declared.Definition(each)) for each in found]})
    elif format_ is ListFormat.MARKDOWN:
        say(declared.markdown(found).rstrip())
    else:
        say_table(declared.catalogue_row(each) for each in found)
    _narrate_broken(registry.broken)


@commands.command()
def run(
    context: typer.Context,
    check: CheckArgument = None,
    target: TargetOption = None,
    format_: Annotated[
        RunFormat, typer.Option("--format", help="nagios: as a monitoring plug-in, with its exit codes.")
    ] = RunFormat.TEXT,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run checks now and show what they found; exit 1 when there are problems, 3 when something was not seen.

    Examples: lexops check run        lexops check run billing --json
    lexops check run postgresql.connections --target billing-db --format nagios
    """
    from lexops.cli import background, present

    if format_ is RunFormat.NAGIOS:
        _run_as_plugin(context, site, target, check)
    opened = program(context).open_site(site)
    background.run_checks(opened, target, check)
    details = opened.details(target, check)
    if as_json:
        say_json({"checks": [present.detail_json(detail) for detail in details]})
    else:
        details.sort(key=lambda d: -(d.row.status.rank if d.row.status else 0))
        say_table(present.problem_row(d.row, opened.clock.now()) for d in details)
    leave(present.exit_code(detail.row for detail in details))


def _run_as_plugin(
    context: typer.Context, file: Path | None, target: str | None, check: str | None
) -> NoReturn:
    """Run checks the way monitoring systems run plug-ins: whatever goes wrong is UNKNOWN, in one line."""
    from lexops.checks import export, store
    from lexops.cli import background
    from lexops.errors import LexOpsError

    try:
        site = program(context).open_site(file)
        background.run_checks(site, target, check)
        with site.store.read() as connection:
            wanted = set(store.assigned(connection, target, check))
            now = export.snapshot(connection, site.clock.now())
    except LexOpsError as error:
        say(f"UNKNOWN - {one_line(error)}".replace("|", "/"))
        leave(export.UNKNOWN)
    code, output = export.plugin_output([e for e in now.checks if (e.row.target, e.row.check) in wanted])
    say_raw(output)
    leave(code)


@commands.command()
def show(
    context: typer.Context,
    check: Annotated[str, typer.Argument(help="Name of the check.")],
    target: TargetOption = None,
    sql: Annotated[bool, typer.Option("--sql", help="Only print the SQL that it runs.")] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Explain a check: what it means, why it matters, what to do, its limits and source, its state here.

    Without a site it is explained as installed, with its own thresholds.

    Examples: lexops check show billing.invoice-total        lexops check show postgresql.wraparound --sql
    """
    from lexops.cli import present
    from lexops.cli import present_checks as declared

    opened = program(context).open_site(site) if target is not None or _is_site_there(site) else None
    if opened is None:
        narrate("there is no site here: this is the check as installed, with its own thresholds")
    details = _details(opened, check, target) if opened else []
    definition = _definition(opened, check, details[0].row.target if details else None)
    if sql:
        _say_sql(definition.runnable)
        return
    if as_json:
        document = declared.definition_json(definition)
        say_json(document | {"states": [present.detail_json(detail) for detail in details]})
        return
    say_table(declared.definition_lines(definition))
    if opened:
        _say_states(opened, details, target)


def _is_site_there(site: Path | None) -> bool:
    """Whether a site is named or found; that a named one is missing is for its opening to say."""
    from lexops import config
    from lexops.errors import ConfigError

    try:
        config.find(site)
    except ConfigError:
        return False
    return True


def _details(site: Site, check: str, target: str | None) -> list[CheckDetail]:
    """How the check, by its whole name, stands on the targets that have it."""
    site.assign_checks()
    return [detail for detail in site.details(target, check) if detail.row.check == check]


def _definition(site: Site | None, check: str, target: str | None) -> Definition:
    """The check as the site has it on `target`, else as installed; raises NotFound with the nearest names."""
    import difflib

    from lexops.checks.registry import load
    from lexops.cli.present_checks import Definition
    from lexops.errors import NotFound

    shipped = (site.catalogue if site else load()).checks
    here = site.checks.find(target, check) if site and target is not None else None
    if here is not None:
        return Definition.of(here.runnable, shipped.get(check))
    if check in shipped:
        return Definition(shipped[check])
    close = difflib.get_close_matches(check, shipped, n=1)
    hint = f"did you mean {close[0]}?" if close else "see: lexops check list --catalogue"
    raise NotFound(f"there is no check {check!r}", hint=hint)


def _say_sql(runnable: RunnableCheck) -> None:
    from lexops.cli.present_checks import sql_texts

    texts = list(sql_texts(runnable))
    for name, text in texts:
        say(f"-- {name}")
        say(text)
        say()
    if not texts:
        narrate(f"{runnable.check.id} asks nothing in SQL")


def _say_states(site: Site, details: Sequence[CheckDetail], target: str | None) -> None:
    for detail in details:
        _say_state(site, detail)
    if not details:
        say()
        say(f"{one_line(target)} does not have it" if target else "no target of this site has it")


def _say_state(site: Site, detail: CheckDetail) -> None:
    from lexops.cli import present

    say()
    say_table([present.problem_row(detail.row, site.clock.now())])
    for judged in detail.judged:
        say(f"  {judged.status.value:<9} {judged.text}")
    for finding in detail.findings:
        say(f"  {finding.status.value:<9} {finding.text}")
    for note in detail.notes:
        say(f"  {note.label}: {note.text}" if note.label else f"  {note.text}")
    if detail.hint:
        say(f"  hint: {detail.hint}")


@commands.command()
def doctor(
    context: typer.Context,
    target: TargetOption = None,
    role: Annotated[
        RoleScript | None, typer.Option("--role", help="Only print the script that makes the role.")
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what checks cannot see, and which statement mends it; exit 1 when there is something.

    It looks now, from here, with the site's own credentials; no state and no incident follows from it.

    Examples: lexops check doctor --target billing-db        lexops check doctor --role postgresql | psql …
    """
    from lexops.checks import doctor as examination
    from lexops.cli import present_checks as declared
    from lexops.errors import Exit

    if role is not None:
        say_raw(declared.role_script(role.value))
        return
    opened = program(context).open_site(site)
    assigned = [each for each in examination.asked(opened.checks.assigned) if target in (None, each.target)]
    if target is not None and not assigned:
        raise _no_target(target)
    _narrate_broken(opened.checks.broken)
    narrate(f"looking at {plural(len({each.target for each in assigned}), 'target')}")
    found = examination.diagnoses(assigned, examination.look(opened.file, assigned, opened.clock))
    if as_json:
        say_json({"targets": [declared.diagnosis_json(each) for each in found]})
    else:
        _say_diagnoses(found)
    leave(Exit.PROBLEMS if any(each.is_blind for each in found) else Exit.OK)


def _say_diagnoses(found: Iterable[Diagnosis]) -> None:
    from lexops.cli.present_checks import diagnosis_lines

    for diagnosis in found:
        for line in diagnosis_lines(diagnosis):
            say(line)


@commands.command()
def export(
    context: typer.Context,
    format_: Annotated[ExportFormat, typer.Option("--format", help="For whom.")],
    site: SiteOption = None,
) -> None:
    """Write what is known of all checks for other monitoring systems, from the store; nothing is looked at.

    prometheus: the text format, for a textfile collector. nagios: passive results as external commands of
    Nagios and Icinga. checkmk: local checks of an agent. A worker does the same by itself: see [export] in
    docs/configuration.md.

    Example: lexops check export --format prometheus
    """
    from lexops.checks import export as formats

    opened = program(context).open_site(site)
    opened.assign_checks()
    with opened.store.read() as connection:
        now = formats.snapshot(connection, opened.clock.now())
    if format_ is ExportFormat.JSON:
        say_json(formats.document(now))
        return
    write = {
        ExportFormat.PROMETHEUS: formats.prometheus,
        ExportFormat.NAGIOS: formats.nagios,
        ExportFormat.CHECKMK: formats.checkmk,
    }[format_]
    say_raw(write(now))
