"""`lexops article …`: list, show, search, write and edit articles; what else is done with them is drawn."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lexops.cli.drawn import Area
from lexops.cli.program import (
    JsonOption,
    RevisionOption,
    SiteOption,
    leave,
    narrate,
    numbered,
    program,
    say,
    say_json,
    say_raw,
    say_table,
)
from lexops.errors import Exit, InvalidRequest, LexOpsError, Refused, StoreError

if TYPE_CHECKING:
    from lexops.calendars.model import Revision
    from lexops.cli.asking import Manner
    from lexops.knowledge.model import Article
    from lexops.site import Site

commands = typer.Typer(
    cls=Area, help="Articles: what is known, and what it was last time.", no_args_is_help=True
)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the article.")]
ReasonOption = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why, for the history.")]


class Form(StrEnum):
    """How an article is written out."""

    TEXT = "text"
    MD = "md"
    HTML = "html"


class Standing(StrEnum):
    """Whether an article is to be used; as in the operation, which is not loaded for help."""

    DRAFT = "draft"
    CURRENT = "current"
    RETIRED = "retired"


@commands.command("list")
def list_(
    context: typer.Context,
    stale: Annotated[
        bool, typer.Option("--stale", help="Only those to be looked through; exit 1 when there is one.")
    ] = False,
    all_: Annotated[bool, typer.Option("--all", help="Retired ones too.")] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the articles: standing, when somebody last read it, what it helps with, why it is stale.

    Example: lexops article list --stale
    """
    from lexops.cli import present_articles as present
    from lexops.knowledge.model import Standing as Standings
    from lexops.knowledge.store import articles

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        found = articles(connection)
    kept = [
        (each, _stale(opened, each)) for each in found if all_ or each.value.standing != Standings.RETIRED
    ]
    shown = [(each, why) for each, why in kept if why or not stale]
    if as_json:
        say_json({"articles": [present.article_json(each, why, body=False) for each, why in shown]})
    else:
        now = opened.clock.now()
        none = "no article is stale" if stale else "no articles yet; write one: lexops article write --help"
        say_table((present.article_row(each, why, now) for each, why in shown), present.HEAD, none)
    leave(Exit.PROBLEMS if stale and shown else Exit.OK)


def _stale(site: Site, revision: Revision[Article]) -> str:
    """Why an article is to be looked through; empty when it is not."""
    from lexops.knowledge.matching import staleness

    article, after = revision.value, site.file.settings.knowledge.review_after
    # Loading the checks takes a moment, and what names none needs none.
    checks = site.catalogue.checks if article.checks or article.runbooks else {}
    runbooks = {each.check.runbook for each in checks.values()} - {""}
    return staleness(revision, site.clock.now(), after, checks.keys(), runbooks)


@commands.command()
def show(
    context: typer.Context,
    name: NameArgument,
    form: Annotated[
        Form, typer.Option("--format", help="md: only its Markdown; html: a page for a browser.")
    ] = Form.TEXT,
    revision: RevisionOption = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show an article.

    Example: lexops article show full-disk
    """
    from lexops.cli import present_articles as present
    from lexops.knowledge.store import get

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        found = get(connection, name, revision)
    if as_json:
        say_json(present.article_json(found, _stale(opened, found)))
    elif form is Form.HTML:
        from lexops.knowledge.rendering import page

        say_raw(page(found.value))
    elif form is Form.MD:
        say(found.value.body)
    else:
        for line in present.article_lines(found, _stale(opened, found), opened.file.zone):
            say(line)


@commands.command()
def history(
    context: typer.Context, name: NameArgument, site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """List the revisions of an article, the newest first: what was changed by whom, when and why.

    Example: lexops article history full-disk
    """
    from lexops.cli import present_articles as present
    from lexops.knowledge.store import history as revisions

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        found = revisions(connection, name)
    if as_json:
        say_json({"article": name, "revisions": present.history_json(found)})
        return
    say_table(present.history_rows(found, opened.file.zone), present.HISTORY_HEAD)


@commands.command()
def search(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="WORDS…", help="What it is about, in any words.")],
    limit: Annotated[int, typer.Option("--limit", min=1, max=100, help="At most so many.")] = 20,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find incidents of before and articles, the nearest first, with how each was solved.

    Example: lexops article search standby lags after import
    """
    from lexops.cli import present_articles as present
    from lexops.knowledge.similar import look_for

    opened = program(context).open_site(site)
    _bring_up_to_date(opened)
    now = opened.clock.now()
    with opened.store.read() as connection:
        answer = look_for(connection, opened.file, now, " ".join(words), limit)
    if answer.notice:
        narrate(answer.notice)
    if as_json:
        say_json(present.answer_json(answer))
        return
    for line in present.found_lines(answer.found, now):
        say(line)
    if not answer.found:
        narrate("nothing was found")


@commands.command()
def similar(
    context: typer.Context,
    number: Annotated[int, numbered("NUMBER", "Number of the incident.")],
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find incidents like this one with how each was solved, and the articles that help with it.

    Example: lexops article similar 41
    """
    from lexops.cli import present_articles as present
    from lexops.incidents import store as incidents
    from lexops.knowledge.similar import helping, trouble_of
    from lexops.knowledge.similar import similar as like

    opened = program(context).open_site(site)
    _bring_up_to_date(opened)
    now = opened.clock.now()
    with opened.store.read() as connection:
        incident = incidents.get(connection, number)
        trouble = trouble_of(incident, incidents.timeline(connection, number))
        answer = like(connection, opened.file, now, trouble)
        articles = helping(connection, opened.file, now, trouble)
    if answer.notice:
        narrate(answer.notice)
    if as_json:
        say_json({**present.answer_json(answer), "articles": present.found_json(articles)})
        return
    for line in present.found_lines([*articles, *answer.found], now):
        say(line)
    if not (articles or answer.found):
        narrate(f"nothing like incident #{number} is known")


def _bring_up_to_date(site: Site) -> None:
    """Look after the index where no worker does; without it, a search finds less and says so."""
    from lexops.cli.background import is_alive
    from lexops.knowledge.index import refresh

    if not is_alive(site):
        try:
            refresh(site.store, site.file, site.clock)
        except StoreError as error:
            narrate(str(error))


# Writing.


@commands.command()
def write(
    context: typer.Context,
    name: NameArgument,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="Its text, in Markdown; - reads it here.")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT", help="What it is about.")] = None,
    checks: Annotated[
        str | None, typer.Option("--checks", metavar="NAMES", help="Checks it helps with; * for any part.")
    ] = None,
    fingerprints: Annotated[
        str | None, typer.Option("--fingerprints", metavar="NAMES", help="Incidents: billing-db/host.*")
    ] = None,
    runbooks: Annotated[
        str | None, typer.Option("--runbooks", metavar="NAMES", help="Runbooks that go with it.")
    ] = None,
    tags: Annotated[str | None, typer.Option("--tags", metavar="WORDS", help="Words to find it by.")] = None,
    standing: Annotated[Standing | None, typer.Option("--standing", help="Whether it is to be used.")] = None,
    reason: ReasonOption = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="KEY", help="The same key never acts twice.")
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write an article, or change one; what is left out stays as it was. Names have commas between them.

    Example: lexops article write full-disk --file full-disk.md --title "Disk is full" --checks "host.disk-*"
    """
    from lexops.cli.asking import Manner, ask

    opened = program(context).open_site(site)
    given = {
        "name": name,
        "title": title,
        "body": _text_of(opened, file) if file else None,
        "checks": checks,
        "fingerprints": fingerprints,
        "runbooks": runbooks,
        "tags": tags,
        "standing": standing.value if standing else None,
        "reason": reason,
    }
    ask(opened, "article.write", given, Manner(as_json=as_json, key=key))


@commands.command()
def edit(
    context: typer.Context,
    name: NameArgument,
    reason: ReasonOption = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Edit the text of an article with $VISUAL or $EDITOR; nothing is kept when nothing was changed.

    Example: lexops article edit full-disk --reason "the new volume"
    """
    from lexops.cli.asking import Manner
    from lexops.knowledge.store import get

    opened = program(context).open_site(site)
    hint = f"give its text on standard input: lexops article write {name} --file -"
    if not _is_at_this_machine(opened):
        raise Refused("an editor is only opened at this machine, not over SSH", hint=hint)
    if not _editor():
        raise Refused("there is no terminal to edit on", hint=f"set EDITOR, or {hint}")
    with opened.store.read() as connection:
        known = get(connection, name)
    folder = Path(tempfile.mkdtemp(prefix="lexops-"))
    path = folder / f"{known.value.name}.md"
    _write_privately(path, f"{known.value.body}\n")
    given = {"name": name, "reason": reason, "after": known.number}
    _edit(opened, path, known.value.body, given, Manner(as_json=as_json))


def _edit(site: Site, path: Path, before: str, given: Mapping[str, object], manner: Manner) -> None:
    """Let the person edit, and submit it; a text that is refused is left where it is."""
    from lexops.cli.asking import ask

    _open_editor(path)
    text = _read(path)
    if text.strip("\n") == before:
        narrate("nothing was changed")
        _clear(path)
        return
    try:
        ask(site, "article.write", {**given, "body": text}, manner)
    except LexOpsError:
        narrate(f"your text is in {path}")
        raise
    except typer.Exit as ended:
        if ended.exit_code == Exit.OK:
            _clear(path)
        raise


def _editor() -> str:
    """The person's editor; empty where they named none and there is no terminal for ours."""
    return os.environ.get("VISUAL") or os.environ.get("EDITOR") or ("vi" if sys.stdin.isatty() else "")


def _open_editor(path: Path) -> None:
    """Wait for the person's editor. Raises InvalidRequest when there is none, or it failed."""
    editor = _editor()
    try:
        code = subprocess.run([*shlex.split(editor), str(path)], check=False).returncode
    except (OSError, ValueError):
        hint = f"set EDITOR; the text is in {path}"
        raise InvalidRequest(f"the editor {editor} cannot be started", hint=hint) from None
    if code != 0:
        raise InvalidRequest(f"the editor ended with {code}: nothing is kept", hint=f"the text is in {path}")


def _write_privately(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _clear(path: Path) -> None:
    """Remove the text, and what the editor may have left beside it."""
    for each in path.parent.iterdir():
        each.unlink()
    path.parent.rmdir()


def _is_at_this_machine(site: Site) -> bool:
    """Whether the person has an account here; who comes over SSH as an operator only has not."""
    return site.session.how == "account" and site.session.remote is None


def _text_of(site: Site, path: Path) -> str:
    """The text of a file; `-` is standard input. Raises InvalidRequest or Refused."""
    from lexops.knowledge.drafting import LONGEST_BODY

    if str(path) == "-":
        return sys.stdin.read(LONGEST_BODY + 1)
    if not _is_at_this_machine(site):
        raise Refused("files of this machine are not read for sessions over SSH", hint="use --file -")
    return _read(path)


def _read(path: Path) -> str:
    from lexops.knowledge.drafting import LONGEST_BODY

    try:
        with path.open(encoding="utf-8") as file:
            return file.read(LONGEST_BODY + 1)
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise InvalidRequest(f"{path} is no text") from None
