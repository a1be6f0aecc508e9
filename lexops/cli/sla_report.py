"""`lexops sla report` and `provider`: a month of promises, and what became of somebody else's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lexops.cli.program import JsonOption, SiteOption, leave, narrate, program, say, say_json, say_raw
from lexops.errors import Exit, InvalidRequest, NotFound, Refused

if TYPE_CHECKING:
    from lexops.config import ProviderSettings
    from lexops.site import Site
    from lexops.sla.report import Month
    from lexops.sla.view import Report

MonthOption = Annotated[
    str | None, typer.Option("--month", metavar="MONTH", help="2026-10; the last one that is over, else.")
]


def report(
    context: typer.Context,
    month: MonthOption = None,
    client: Annotated[str | None, typer.Option("--client", help="Only this client, by its code.")] = None,
    provider: Annotated[str | None, typer.Option("--provider", help="Only this provider.")] = None,
    format: Annotated[str, typer.Option("--format", help="text, csv, json or html.")] = "text",
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Where to write it; not over SSH.")
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a month's promises: what was kept, what was broken and why; exit 1 when one was broken.

    Example: lexops sla report --month 2026-10 --format html --output october.html
    """
    from lexops.sla import closing, delivery
    from lexops.sla.rendering import Format, totals
    from lexops.sla.writing import write

    form = _format(format, as_json)
    opened = program(context).open_site(site)
    closing.check_filters(opened.file, client, provider)
    wanted = _month(opened, month)
    found = _read(opened, wanted, client or "", provider or "")
    if output is None:
        say_raw(write(found, Format(form)))
    else:
        _only_here(opened)
        delivery.write(output, write(found, Format(form)))
        narrate(f"wrote {output}")
    for line in _alarms(found):
        narrate(line)
    leave(Exit.PROBLEMS if totals(found)[1] or found.tampered else Exit.OK)


def provider(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Name of the provider; all of them, else.")] = None,
    month: MonthOption = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a provider has promised beside what was measured; exit 1 when a promise was broken.

    Example: lexops sla provider nordhost --month 2026-10
    """
    from lexops.cli import present_providers as present
    from lexops.sla.rendering import totals

    opened = program(context).open_site(site)
    known = opened.file.settings.providers
    if name is not None and name not in known:
        hint = f"there are: {', '.join(known)}" if known else "declare one: [providers.NAME] in lexops.toml"
        raise NotFound(f"there is no provider {name!r}", hint=hint)
    wanted = _month(opened, month)
    found = {each: _card(opened, each, known[each], wanted) for each in ([name] if name else known)}
    if as_json:
        say_json({"month": str(wanted), "providers": [present.card_json(card) for card in found.values()]})
    else:
        lines = present.card_lines(found[name]) if name else present.cards_lines(list(found.values()))
        for line in lines:
            say(line)
    if not known:
        narrate("no provider is declared; see [providers] in docs/configuration.md")
    for card in found.values():
        for line in _alarms(card.report):
            narrate(line)
    leave(Exit.PROBLEMS if any(totals(card.report)[1] for card in found.values()) else Exit.OK)


def _format(given: str, as_json: bool) -> str:
    from lexops.sla.rendering import Format

    if given not in list(Format):
        raise InvalidRequest(f"format: there is no {given!r}", hint=f"there are: {', '.join(Format)}")
    if as_json and given not in ("text", "json"):
        raise InvalidRequest(f"--json and --format {given} exclude each other")
    return "json" if as_json else given


def _month(site: Site, text: str | None) -> Month:
    from lexops.sla import months
    from lexops.sla.report import Month

    if text is None:
        return months.last_month(site.file, site.clock.now())
    try:
        return Month.parse(text)
    except ValueError as error:
        raise InvalidRequest(f"month: {error}") from None


def _read(site: Site, month: Month, client: str, provider: str) -> Report:
    from lexops.audit.store import hold_snapshot
    from lexops.sla import closing

    with site.store.read() as connection:
        hold_snapshot(connection)
        return closing.report(
            connection, site.file, month, site.clock.now(), client, provider, keyring=site.gate.keyring
        )


def _card(site: Site, name: str, settings: ProviderSettings, month: Month) -> Any:
    from lexops.calendars.model import Revision
    from lexops.cli.present_providers import Card
    from lexops.sla import store

    with site.store.read() as connection:
        revisions = store.book(connection).calendars.get(settings.calendar, ())
    newest: Revision[Any] | None = revisions[-1] if revisions else None
    today = site.clock.now().astimezone(site.file.zone).date()
    return Card(name, settings, newest.value if newest else None, today, _read(site, month, "", name))


def _only_here(site: Site) -> None:
    """Refuse to write files for a session that came over the network: they would be LexOps' own."""
    if site.session.how != "account" or site.session.remote is not None:
        raise Refused("no files are written over SSH", hint="redirect what is shown: ssh … sla report > FILE")


def _alarms(report: Report) -> list[str]:
    from lexops.sla.rendering import head

    return list(head(report).alarms)


COMMANDS: Mapping[str, Callable[..., Any]] = {"report": report, "provider": provider}
