"""`lexops incident report`: the report after an incident, drafted from its timeline."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from lexops.cli.program import JsonOption, SiteOption, numbered, program, say_json, say_raw
from lexops.errors import InvalidRequest

if TYPE_CHECKING:
    from lexops.communication.postmortem import Postmortem
    from lexops.site import Site


class Form(StrEnum):
    """The forms in which a report is written."""

    MD = "md"
    HTML = "html"
    JSON = "json"


def report(
    context: typer.Context,
    number: Annotated[int, numbered("NUMBER", "Number of the incident.")],
    format: Annotated[str, typer.Option("--format", help="md, html or json.")] = "md",
    for_clients: Annotated[
        bool,
        typer.Option("--for-clients", help="Without names, notes and machines; what they were told."),
    ] = False,
    audience: Annotated[
        str | None,
        typer.Option("--audience", metavar="NAME", help="With --for-clients: for this audience."),
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draft the report after an incident: impact, promises, how long it took, timeline, actions.

    Example: lexops incident report 41 --format html > incident-41.html
    """
    form = _form(format, as_json)
    if audience is not None and not for_clients:
        raise InvalidRequest("--audience goes with --for-clients")
    found = _read(program(context).open_site(site), number, for_clients, audience)
    match form:
        case Form.MD:
            from lexops.communication import rendering_md

            say_raw(rendering_md.text(found))
        case Form.HTML:
            from lexops.communication import rendering_html

            say_raw(rendering_html.text(found))
        case Form.JSON:
            from lexops.communication.postmortem import as_json as data

            say_json(data(found))


def _form(given: str, as_json: bool) -> Form:
    if given not in list(Form):
        raise InvalidRequest(f"format: there is no {given!r}", hint=f"there are: {', '.join(Form)}")
    if as_json and given not in ("md", "json"):
        raise InvalidRequest(f"--json and --format {given} exclude each other")
    return Form.JSON if as_json else Form(given)


def _read(site: Site, number: int, for_clients: bool, audience: str | None) -> Postmortem:
    from lexops.audit.store import hold_snapshot
    from lexops.communication.reading import only_audience, report, updates

    with site.store.read() as connection:
        hold_snapshot(connection)
        whom = only_audience(updates(connection, number), audience) if for_clients else None
        return report(connection, site.file, number, site.clock.now(), whom)
