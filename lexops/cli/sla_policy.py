"""`lexops sla policy …`: what was promised, and what another promise would change; setting it is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lexops.cli.drawn import Area
from lexops.cli.program import JsonOption, SiteOption, leave, narrate, program, say, say_json, say_table
from lexops.errors import Exit, InvalidRequest

if TYPE_CHECKING:
    from lexops.sla.drafting import Wanted
    from lexops.sla.model import Policy

commands = typer.Typer(cls=Area, help="Policies: what was promised, and to whom.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the policy.")]


@commands.command("list")
def list_(context: typer.Context, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List the policies: for which tickets, on which calendar, and what they promise.

    Example: lexops sla policy list --json
    """
    from lexops.cli import present_policies as present
    from lexops.sla.store import policies

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        found = [revisions[-1] for revisions in policies(connection).values()]
    if as_json:
        say_json({"policies": [present.policy_json(each) for each in found]})
        return
    rows = (present.policy_row(each, opened.file.zone) for each in found)
    say_table(rows, present.HEAD, "nothing is promised yet; make a policy with: lexops sla policy set")


@commands.command()
def show(
    context: typer.Context, name: NameArgument, site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """Show a policy and its history: who changed it when and why.

    Example: lexops sla policy show standard
    """
    from lexops.cli import present_policies as present
    from lexops.sla.store import history

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        found = history(connection, name)
    if as_json:
        say_json({"policy": name, "revisions": [present.policy_json(each) for each in found]})
        return
    zone = opened.file.zone
    say_table(present.policy_lines(found, zone))
    say()
    say_table((present.history_row(each, zone) for each in reversed(found)), present.HISTORY_HEAD)


def _text(help_text: str, metavar: str) -> Any:
    return typer.Option(metavar=metavar, help=help_text, show_default=False)


@commands.command("try")
def try_(
    context: typer.Context,
    name: NameArgument,
    calendar: Annotated[str | None, _text("The calendar whose open time counts.", "NAME")] = None,
    budgets: Annotated[str | None, _text("P1 response 15m, resolution 4h; P2 …", "TEXT")] = None,
    client: Annotated[str | None, _text("Only for this client's code.", "CODE")] = None,
    provider: Annotated[str | None, _text("Only where this provider helps.", "NAME")] = None,
    priority: Annotated[str | None, _text("Only for this priority.", "P1-P4")] = None,
    queue: Annotated[str | None, _text("Only in this queue.", "NAME")] = None,
    kind: Annotated[str | None, _text("Only about targets of this kind.", "KIND")] = None,
    warnings: Annotated[str | None, _text("Percent of the budget, rising; - for none.", "75,90")] = None,
    pauses: Annotated[str | None, _text("Clocks that wait with a ticket; - for none.", "CLOCKS")] = None,
    change: Annotated[str | None, _text("retroactive or restart.", "WORD")] = None,
    contract: Annotated[str | None, _text("Where it is written.", "TEXT")] = None,
    since: Annotated[str | None, _text("Tickets opened from then on.", "MOMENT")] = None,
    until: Annotated[str | None, _text("Tickets opened before then.", "MOMENT")] = None,
    correction: Annotated[
        bool, typer.Option("--correction/--no-correction", help="It had been wrong all along.")
    ] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a policy would change on open tickets, and what it would have meant for the last quarter.

    What is left out is as the policy has it. Nothing is changed. Exit 1 when promises would be broken by it.

    Example: lexops sla policy try standard --budgets 'P1 response 10m, resolution 2h'
    """
    given = {
        "calendar": calendar,
        "budgets": budgets,
        "client": client,
        "provider": provider,
        "priority": priority,
        "queue": queue,
        "kind": kind,
        "warnings": warnings,
        "pauses": pauses,
        "change": change,
        "contract": contract,
        "since": since,
        "until": until,
    }
    from lexops.calendars.model import taken_up
    from lexops.cli import present_policies as present
    from lexops.sla import trying
    from lexops.sla.drafting import drafted
    from lexops.sla.store import book

    opened = program(context).open_site(site)
    now, zone = opened.clock.now(), opened.file.zone
    with opened.store.read() as connection:
        known = book(connection)
        before = known.policies.get(name)
        wanted = _wanted(name, given, before[-1].value if before else None)
        policy = drafted(wanted, known, opened.file, now, correction=correction)
        found = trying.tried(connection, opened.file, policy, now, correction=correction)
    if as_json:
        say_json(present.tried_json(name, found))
    else:
        for line in present.tried_lines(found, zone):
            say(line)
    if correction and (too := taken_up(before or ())):
        narrate(too)
    leave(Exit.PROBLEMS if found.newly_breached else Exit.OK)


def _wanted(name: str, given: dict[str, str | None], before: Policy | None) -> Wanted:
    """What is typed, and what is left out as the policy has it."""
    from lexops.incidents.model import Priority
    from lexops.sla import trying
    from lexops.sla.model import Change
    from lexops.targets.model import Kind

    for option, choices in (("priority", Priority), ("change", Change), ("kind", Kind)):
        value = given[option]
        if value is not None and value not in list(choices):
            raise InvalidRequest(f"{option}: {value!r} is none of {', '.join(choices)}")
    if before is None and not (given["calendar"] and given["budgets"]):
        hint = "see: lexops sla policy list"
        raise InvalidRequest(f"{name} is no policy yet: name its --calendar and --budgets", hint=hint)
    return trying.wanted(name, given, before)
