"""`lexops escalation …`: who is told, and when; setting a policy is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lexops.cli.drawn import Area
from lexops.cli.program import JsonOption, SiteOption, leave, program, say, say_json, say_table
from lexops.errors import Exit, InvalidRequest

if TYPE_CHECKING:
    from lexops.config import SiteFile
    from lexops.escalation.model import Fits

commands = typer.Typer(cls=Area, help="Escalation policies: who is told, and when.", no_args_is_help=True)


@commands.command("list")
def list_(context: typer.Context, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List the policies: for which incidents, of what time their delays are, and whom they tell.

    Example: lexops escalation list --json
    """
    from lexops.cli import present_escalation as present
    from lexops.escalation.store import policies

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        found = [revisions[-1] for revisions in policies(connection).values()]
    if as_json:
        say_json({"policies": [present.policy_json(each) for each in found]})
        return
    nothing = "nobody is told yet; make a policy with: lexops escalation set"
    say_table(map(present.policy_row, found), present.HEAD, nothing)


@commands.command()
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the policy.")],
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a policy, whom it would tell of something that begins now, and its history.

    Example: lexops escalation show dba
    """
    from lexops.cli import present_escalation as present
    from lexops.escalation import store, view
    from lexops.escalation.scene import scene

    opened = program(context).open_site(site)
    now, zone = opened.clock.now(), opened.file.zone
    with opened.store.read() as connection:
        known = store.history(connection, name)
        here, last = scene(connection, opened.file, now), known[-1]
        tried = None if last.value.is_ended else view.tried(here, last.value, last.number, again=True)
    if as_json:
        document = {"policy": name, "revisions": [present.policy_json(each) for each in known]}
        say_json(document | {"now": present.tried_json(tried)["rungs"] if tried else []})
        return
    say_table(present.policy_lines(last))
    if tried:
        say()
        say_table(present.tried_rows(tried, now))
    say()
    say_table((present.history_row(each, zone) for each in reversed(known)), present.HISTORY_HEAD)


@commands.command()
def check(context: typer.Context, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Check whom every policy would tell now, and of which incidents nobody is told; exit 1 for problems.

    Example: lexops escalation check
    """
    from lexops.cli import present_escalation as present
    from lexops.escalation import store, view
    from lexops.escalation.scene import scene

    opened = program(context).open_site(site)
    now = opened.clock.now()
    with opened.store.read() as connection:
        here = scene(connection, opened.file, now)
        going = [each for each in here.policies.values() if not each.value.is_ended]
        tried = [view.tried(here, each.value, each.number) for each in going]
        lost = view.unroutable(connection, opened.file, now) if store.is_used(connection) else []
    wrong = [rung for each in tried for rung in each.coming if rung.note]
    if as_json:
        say_json(
            {
                "policies": [present.tried_json(each) for each in tried],
                "broken": dict(here.broken),
                "unroutable": [present.unroutable_json(each) for each in lost],
            }
        )
    else:
        rows = [(each.policy.name, *row) for each in tried for row in present.tried_rows(each, now)]
        say_table(rows or [("no policies: nobody is told",)])
        for name, why in here.broken.items():
            say(f"{name}: {why}")
        say_table(map(present.unroutable_row, lost))
    leave(Exit.PROBLEMS if wrong or lost or here.broken else Exit.OK)


def _option(help_text: str, metavar: str) -> typer.models.OptionInfo:
    found = typer.Option(metavar=metavar, help=help_text, show_default=False)
    assert isinstance(found, typer.models.OptionInfo)
    return found


@commands.command("try")
def try_(
    context: typer.Context,
    priority: Annotated[str, _option("Priority of the incident.", "P1-P4")] = "P3",
    client: Annotated[str, _option("The client's code.", "CODE")] = "",
    provider: Annotated[str, _option("Who has promised to help.", "NAME")] = "",
    queue: Annotated[str, _option("Its queue.", "NAME")] = "",
    target: Annotated[str, _option("The target it is about.", "NAME")] = "",
    kind: Annotated[str, _option("Kind of the target, if it has no name.", "KIND")] = "",
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Try which policy fits an incident, and whom it would tell when. Exit 1 when nobody would be told.

    Example: lexops escalation try --priority P1 --target billing-db
    """
    from lexops.cli import present_escalation as present
    from lexops.escalation import view
    from lexops.escalation.drafting import fits_text
    from lexops.escalation.model import Fits
    from lexops.escalation.scene import scene

    opened = program(context).open_site(site)
    now = opened.clock.now()
    facts = _facts(opened.file, Fits(priority, client, provider, queue, kind, target))
    with opened.store.read() as connection:
        here = scene(connection, opened.file, now)
        found = here.fitting(facts)
        tried = view.tried(here, found.value, found.number, again=True) if found else None
    if as_json:
        say_json(present.tried_json(tried) if tried else {"policy": None, "rungs": []})
    elif tried is None:
        say(view.UNFIT)
    else:
        say(f"policy {tried.policy.name}, for {fits_text(tried.policy.fits)}")
        say_table(present.tried_rows(tried, now))
    leave(Exit.OK if tried and any(rung.who for rung in tried.coming) else Exit.PROBLEMS)


def _facts(file: SiteFile, typed: Fits) -> Fits:
    """What is typed, with the kind of the target. Raises InvalidRequest."""
    from dataclasses import replace

    from lexops.incidents.model import Priority
    from lexops.sla.reading import kinds
    from lexops.targets.model import Kind

    if typed.priority not in list(Priority):
        raise InvalidRequest(f"priority: {typed.priority!r} is none of {', '.join(Priority)}")
    known = kinds(file)
    if typed.target and typed.target not in known:
        hint = f"there are: {', '.join(sorted(known))}"
        raise InvalidRequest(f"target: there is no target {typed.target!r}", hint=hint)
    if typed.kind and typed.kind not in list(Kind):
        raise InvalidRequest(f"kind: {typed.kind!r} is none of {', '.join(Kind)}")
    return replace(typed, kind=known[typed.target]) if typed.target else typed
