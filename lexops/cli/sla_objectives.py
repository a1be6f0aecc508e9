"""`lexops sla objectives`: how available services were, what they may still fail, and how fast that goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from lexops.cli.program import JsonOption, SiteOption, leave, program, say, say_json, say_table


def objectives(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Name of an objective; its days and alerts.")] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what services were promised to be available, what they were, and what is left of the budget.

    Exit 1 when a budget burns too fast or is overspent, 3 when nothing is known of a service.

    Example: lexops sla objectives portal
    """
    from lexops.checks.objectives import views
    from lexops.cli import present_objectives as present
    from lexops.errors import NotFound

    opened = program(context).open_site(site)
    zone, settings = opened.file.zone, opened.file.settings
    with opened.store.read() as connection:
        found = views(connection, settings, opened.checks.assigned, opened.clock.now(), zone)
    if name is not None:
        known = ", ".join(view.name for view in found)
        found = [view for view in found if view.name == name]
        if not found:
            hint = f"there are: {known}" if known else "declare one: [objectives.NAME] in lexops.toml"
            raise NotFound(f"there is no objective {name!r}", hint=hint)
    if as_json:
        say_json({"objectives": [present.objective_json(view, days=name is not None) for view in found]})
    elif name is not None:
        for line in present.objective_lines(found[0], zone):
            say(line)
    else:
        none = "the site has no objectives; see docs/configuration.md"
        say_table(map(present.objective_row, found), present.HEAD, none)
    leave(present.exit_code(found))


COMMANDS: Mapping[str, Callable[..., Any]] = {"objectives": objectives}
