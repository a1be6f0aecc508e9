"""`lexops sla …`: what was promised, where each clock stands, and what became of it."""

from __future__ import annotations

import typer

from lexops.cli import (
    sla_breach,
    sla_calendar,
    sla_clocks,
    sla_objectives,
    sla_policy,
    sla_predict,
    sla_report,
)
from lexops.cli.drawn import Area

commands = typer.Typer(cls=Area, help="SLA: promises, their clocks, and reports.", no_args_is_help=True)
commands.add_typer(sla_calendar.commands, name="calendar")
commands.add_typer(sla_policy.commands, name="policy")
commands.add_typer(sla_breach.commands, name="breach")
for room in (sla_clocks, sla_objectives, sla_predict, sla_report):
    for name, command in room.COMMANDS.items():
        commands.command(name)(command)
