"""`lexops sla predict`: which promises are likely to be broken, and how often that was right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import typer

from lexops.cli.program import JsonOption, SiteOption, program, say, say_json, say_table


def predict(context: typer.Context, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Show how likely each clock that runs breaks its promise, and how often such predictions were right.

    After what became of similar clocks that had lasted as long: of the same kind and priority, and of the
    same client and queue where enough are known.

    Example: lexops sla predict --json
    """
    from lexops.cli import present_policies as present
    from lexops.sla import reading, watch

    opened = program(context).open_site(site)
    now = opened.clock.now()
    with opened.store.read() as connection:
        known = watch.history(connection, now)
        rate = watch.rate(connection)
        running = reading.running(reading.open_tickets(connection, opened.file, now))
        found = present.likely_first((ticket, clock, known.forecast(clock)) for ticket, clock in running)
    if as_json:
        say_json(
            {"clocks": [present.predicted_json(each) for each in found], "rate": present.rate_json(rate)}
        )
        return
    rows = [present.predicted_row(each, opened.file.zone) for each in found]
    say_table(rows, present.PREDICT_HEAD, "no clock runs")
    if rows:
        say()
    for line in present.rate_lines(rate):
        say(line)


COMMANDS: Mapping[str, Callable[..., Any]] = {"predict": predict}
