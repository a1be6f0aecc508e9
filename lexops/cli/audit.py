"""`lexops audit …`: the record: reading it, verifying it, proving what stands in it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lexops.cli.drawn import Area
from lexops.cli.program import JsonOption, SiteOption, leave, narrate, program, say, say_json, say_table
from lexops.errors import Exit, InvalidRequest, Refused

if TYPE_CHECKING:
    from lexops.site import Site

commands = typer.Typer(
    cls=Area, help="The record: what was done, by whom, and the proof of it.", no_args_is_help=True
)

EntryArgument = Annotated[
    str, typer.Argument(metavar="ENTRY", help="Its place (#12 or 12) or identifier, as the log shows it.")
]
SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="WHEN", help="2026-11-22, 2026-11-22T14:00, or 3h ago: 3h.")
]
UntilOption = Annotated[str | None, typer.Option("--until", metavar="WHEN", help="Like --since.")]
PATIENCE = 15.0
"""Seconds that a proof waits for its entry to be sealed."""


@commands.command("log")
def log_(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, help="So many entries, the newest.")] = 50,
    kind: Annotated[str | None, typer.Option("--kind", help="Only these: done, refused, step-up.")] = None,
    operator: Annotated[str | None, typer.Option("--operator", help="Only what this person did.")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    text: Annotated[str | None, typer.Option("--text", help="Only entries that have this in them.")] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what is on the record, the newest first.

    Example: lexops audit log --operator ana --since 2d
    """
    from lexops import record
    from lexops.audit import log
    from lexops.cli import present_record as present

    opened = program(context).open_site(site)
    reader = record.reader(opened)
    wanted = log.Filter(
        kind,
        reader.id_of(operator) if operator else None,
        text,
        when(opened, since),
        when(opened, until),
    )
    with opened.store.read() as connection:
        found = log.entries(connection, wanted, limit=limit + 1)
        shown = [reader.shown(connection, entry) for entry in found[:limit]]
    if as_json:
        say_json({"entries": [present.entry_json(each) for each in shown], "more": len(found) > limit})
        return
    rows = (present.entry_row(each, opened.file.zone) for each in shown)
    say_table(rows, nothing="no such entry is on the record")
    if len(found) > limit:
        narrate(f"these are the newest {limit:,}; there are more: --limit, --until")


@commands.command()
def show(
    context: typer.Context, entry: EntryArgument, site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """Show an entry of the record, whether it is sealed, and which witness has the seal.

    Example: lexops audit show 12
    """
    from lexops import record
    from lexops.audit import log
    from lexops.audit import store as trail
    from lexops.cli import present_record as present

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        found = record.find(connection, entry)
        shown = record.reader(opened).shown(connection, found)
        seal = None if found.index is None else trail.checkpoint_over(connection, found.index)
        witnesses = log.state(connection, opened.clock).witnesses
    if as_json:
        say_json(present.entry_json(shown) | present.seal_json(found, seal, witnesses))
        return
    say_table(present.entry_rows(shown, seal, witnesses, opened.file.zone))


@commands.command()
def verify(
    context: typer.Context,
    new: Annotated[
        bool, typer.Option("--new", help="Only what came since the head that this account last saw.")
    ] = False,
    head: Annotated[bool, typer.Option("--head", help="Only the newest seal.")] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Verify the record against its seals and the heads remembered elsewhere; exit 1 if it was tampered with.

    Without an option every entry is looked at, and every sealed value.

    Example: lexops audit verify
    """
    from lexops import record
    from lexops.audit.verdict import Level, Verdict
    from lexops.cli import present_record as present
    from lexops.cli.progress import Progress

    if new and head:
        raise InvalidRequest("give one of --new and --head")
    level = Level.SINCE if new else Level.HEAD if head else Level.FULL
    opened = program(context).open_site(site)
    report = record.verified(opened, level, Progress("verifying the record"))
    if as_json:
        say_json(present.report_json(report))
    else:
        for line in present.report_lines(report, opened.file.zone):
            say(line)
    leave(Exit.OK if report.verdict is Verdict.INTACT else Exit.PROBLEMS)


@commands.command()
def prove(
    context: typer.Context,
    entry: EntryArgument,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write it; else standard output.")
    ] = None,
    with_verifier: Annotated[
        bool, typer.Option("--with-verifier", help="Write verifier.py beside it; it needs no LexOps.")
    ] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a proof that an entry stands in the record, which can be checked without LexOps and the database.

    Personal values are in it only if your role may read them.

    Example: lexops audit prove 12 --out proof.json
    """
    import json

    from lexops import record
    from lexops.audit import prove as proofs

    if with_verifier and out is None:
        raise InvalidRequest("--with-verifier needs --out: it is written beside the proof")
    opened = program(context).open_site(site)
    bundle, _ = record.bundle(opened, entry, PATIENCE, opened=True)
    if out is None:
        say_json(json.loads(bundle))  # the same in ASCII: what a terminal acts on is escaped
        return
    _write(out, bundle)
    written = [out]
    if with_verifier:
        written.append(out.with_name(proofs.VERIFIER))
        _write(written[1], proofs.verifier())
    if as_json:
        say_json({"written": [str(path) for path in written]})
        return
    for path in written:
        say(f"wrote {path}")
    narrate(
        f"check it anywhere with: python {proofs.VERIFIER} {out.name} --trust KEY; KEY: lexops audit keys"
    )


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from None


@commands.command()
def export(
    context: typer.Context,
    from_: Annotated[str | None, typer.Option("--from", metavar="WHEN", help="2026-11-22, or 30d.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="WHEN", help="Like --from.")] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write sealed entries as JSON lines: the signed head, then each entry with its proof, newest first.

    Personal values are commitments in it.

    Example: lexops audit export --from 30d > november.jsonl
    """
    import json

    from lexops import record

    opened = program(context).open_site(site)
    written = 0
    for document in record.exported(opened, when(opened, from_), when(opened, to)):
        say(json.dumps(document, ensure_ascii=True))
        written += 1
    narrate(f"{max(0, written - 1):,} entries; personal values are commitments, nothing is in clear")


@commands.command()
def keys(context: typer.Context, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Show where the record's keys are, what to trust and to tell a witness, and how far the witnesses are.

    Example: lexops audit keys --json
    """
    from lexops import record
    from lexops.cli import present_record as present

    opened = program(context).open_site(site)
    found = record.key_state(opened)
    if as_json:
        say_json(present.keys_json(found))
        return
    say_table(present.keys_rows(found, opened.file.zone))


def when(site: Site, text: str | None) -> datetime | None:
    """A moment as typed: a day or time in the site's zone, or how long ago. Raises InvalidRequest."""
    from lexops.clock import parse_moment

    if not text:
        return None
    try:
        return parse_moment(text, site.file.zone, lambda ago: site.clock.now() - ago)
    except ValueError as error:
        raise InvalidRequest(str(error)) from None
