"""What helps: similar incidents and how each was solved, articles, runbooks. Pure."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from lexops.clock import show_moment
from lexops.knowledge.model import Found, Standing
from lexops.tui.duty import ArticleView, Known
from lexops.tui.ink import EMPTY, Ink, Line, Tone, line, wrapped
from lexops.tui.places import ArticlePlace, IncidentPlace
from lexops.tui.presenters.rows import Row, titled
from lexops.tui.presenters.status import age

MOST = 5
"""Similar incidents, and articles, that are shown."""


def known_rows(known: Known, now: datetime, zone: ZoneInfo, width: int) -> list[Row]:
    """Similar incidents, then articles, each with where it leads."""
    found = [row for each in known.similar[:MOST] for row in _similar(each, zone, width)]
    written = [row for each in known.articles[:MOST] for row in _article(each, now)]
    rows = [*titled("SIMILAR, AND HOW IT ENDED", found), *titled("ARTICLES", written)]
    if known.remark:
        rows += [
            Row(("remark", n), (Ink(part, Tone.WARNING),)) for n, part in enumerate(_remark(known, width))
        ]
    return rows


def known_lines(known: Known, now: datetime, zone: ZoneInfo, width: int) -> list[tuple[str, list[Line]]]:
    """The same in sections with their labels, for a page that is only read."""
    before = [row.line for each in known.similar[:MOST] for row in _similar(each, zone, width)]
    before += [(Ink(part, Tone.WARNING),) for part in _remark(known, width) if known.remark]
    written = [row.line for each in known.articles[:MOST] for row in _article(each, now)]
    runbooks = [line(Ink(name, Tone.STRONG)) for name in known.runbooks]
    return [("BEFORE", before), ("ARTICLES", written), ("RUNBOOKS", runbooks)]


def _remark(known: Known, width: int) -> list[str]:
    return wrapped(f"▲ {known.remark}", width)


def _similar(found: Found, zone: ZoneInfo, width: int) -> list[Row]:
    """The incident in one line, and how it was solved below it."""
    when = f"{found.when.astimezone(zone):%d %b %Y}  " if found.when else ""
    head = (Ink(f"#{found.id} "), Ink(when, Tone.QUIET), Ink(found.title))
    solved = found.solved or "not solved yet, or nobody wrote down how"
    tone = Tone.PLAIN if found.solved else Tone.QUIET
    told = [line("  ", Ink(part, tone)) for part in wrapped(solved, max(20, width - 2))[:3]]
    place = IncidentPlace(int(found.id)) if found.id.isascii() and found.id.isdigit() else None
    return [Row(("similar", found.id, n), each, place) for n, each in enumerate([head, *told])]


def _article(found: Found, now: datetime) -> list[Row]:
    stale = (Ink("  ▲ stale", Tone.WARNING),) if found.stale else ()
    draft = (Ink("  draft", Tone.WARNING),) if found.draft else ()
    since = f"  {age(found.when, now)}" if found.when else ""
    pieces = (Ink(found.title), Ink(f"  {found.id}{since}", Tone.QUIET), *draft, *stale)
    return [Row(("article", found.id), pieces, ArticlePlace(found.id))]


def article_lines(view: ArticleView, zone: ZoneInfo, width: int) -> list[Line]:
    """An article: what it is for, whether it can be trusted, and its text."""
    article = view.article
    lines: list[Line] = [line(" ", Ink(part, Tone.STRONG)) for part in wrapped(article.title, width - 2)]
    if view.stale:
        lines += [line(" ", Ink(part, Tone.WARNING)) for part in wrapped(f"▲ stale: {view.why}", width - 2)]
    if article.standing is not Standing.CURRENT:
        lines.append(line(Ink(f" {article.standing}", Tone.WARNING)))
    by = f" by {view.by}" if view.by else ""
    changed = f"{show_moment(view.changed, zone)}{by}"
    reviewed = show_moment(article.reviewed, zone) if article.reviewed else "never"
    facts = [("changed", changed), ("reviewed", reviewed), ("for", ", ".join(article.checks))]
    facts += [("also for", ", ".join(article.fingerprints)), ("runbooks", ", ".join(article.runbooks))]
    facts += [("tags", ", ".join(article.tags)), ("from", f"#{article.incident}" if article.incident else "")]
    lines += [_fact(label, text) for label, text in facts if text]
    return [*lines, EMPTY, *_text(article.body, width)]


def _fact(label: str, text: str) -> Line:
    return line(Ink(f" {label:<10}", Tone.QUIET), Ink(text))


def _text(body: str, width: int) -> list[Line]:
    """Markdown as it was written; only headings stand out."""
    lines: list[Line] = []
    for part in wrapped(body, width - 2):
        heading = part.startswith("#")
        lines.append(
            line(" ", Ink(part.lstrip("# ") if heading else part, Tone.TITLE if heading else Tone.PLAIN))
        )
    return lines
