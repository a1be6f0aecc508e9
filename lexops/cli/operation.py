"""`lexops operation list`: everything that can be done, as declared."""

from __future__ import annotations

import typer

from lexops.cli.program import JsonOption, SiteOption, program, say, say_json, table

commands = typer.Typer(help="Operations: the acts that pass the gate.", no_args_is_help=True)


@commands.command("list")
def list_(context: typer.Context, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List all operations with their effect and parameters.

    Example: lexops operation list --json
    """
    catalogue = program(context).open_site(site).gate.catalogue
    if as_json:
        documents = [
            {
                "operation": operation.name,
                "title": operation.title,
                "effect": operation.effect.value,
                "parameters": [
                    {
                        "name": p.name,
                        "type": p.type.__name__,
                        "help": p.help,
                        "required": p.required,
                        "choices": list(p.choices),
                    }
                    for p in operation.parameters
                ],
            }
            for operation in catalogue
        ]
        say_json({"operations": documents})
        return
    rows = [
        (
            o.name,
            o.effect.value,
            " ".join(p.name if p.required else f"[{p.name}]" for p in o.parameters),
            o.title,
        )
        for o in catalogue
    ]
    for line in table(rows):
        say(line)
