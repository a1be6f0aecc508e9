"""The report after an incident as one HTML file, made to be printed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from lexops.communication.postmortem import Line, Postmortem, span_words
from lexops.communication.rendering import (
    LONGEST,
    day,
    headings,
    html,
    page,
    promise_words,
    under_words,
)
from lexops.text import clean

_FILL = '<div class="fill"></div>'


def text(found: Postmortem) -> str:
    """The whole file."""
    words = headings(found)
    parts = [
        f"<h1>{html(words.title)}</h1>",
        *(f"<p>{html(line)}</p>" for line in words.lines),
        *_table((), ((name, value) for name, value in found.facts)),
        *_section("Summary", [_summary(found)]),
        *_section("Impact", _impact(found)),
        *_section("How long it took", _table((), ((each.name, span_words(each)) for each in found.metrics))),
        *_section("Timeline", _table(("When", "Who", "What", ""), _timeline(found))),
        *_section("Who was told", _told(found)),
        *_section("What went well", [_FILL]),
        *_section("What did not go well", [_FILL]),
        *_section("Why it happened", [_FILL]),
        *_section("Actions", _actions(found)),
    ]
    return page(words.title, parts)


def _section(title: str, parts: Iterable[str]) -> Iterator[str]:
    found = list(parts)
    if found:
        yield from (f"<h2>{html(title)}</h2>", *found)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "<table>"
    if heads:
        cells = "".join(f'<th scope="col">{html(each)}</th>' for each in heads)
        yield f"<thead><tr>{cells}</tr></thead>"
    yield "<tbody>"
    for first, *others in rows:
        cells = "".join(f"<td>{html(each)}</td>" for each in others)
        yield f'<tr><th scope="row">{html(first)}</th>{cells}</tr>'
    yield "</tbody></table>"


def _summary(found: Postmortem) -> str:
    words = clean(found.summary, LONGEST).strip()
    return f'<p class="words">{escape(words)}</p>' if words else _FILL


def _impact(found: Postmortem) -> Iterator[str]:
    under = under_words(found)
    if not found.affected and not under:
        yield _FILL
    yield from (f"<p>{html(each)}</p>" for each in (*found.affected, under) if each)
    if found.children:
        rows = (
            (
                f"#{each.incident}",
                each.target,
                each.title,
                day(each.opened, found.zone),
                day(each.resolved, found.zone) if each.resolved else "open",
            )
            for each in found.children
        )
        yield from _table(("Incident", "Target", "Title", "Opened", "Resolved"), rows)
    if found.promises:
        yield from _table(("Promise", "Kept", "Due", "Ended"), promise_words(found))


def _timeline(found: Postmortem) -> Iterator[Sequence[str]]:
    for line in found.timeline:
        late = f" (written {day(line.recorded, found.zone)})" if line.recorded else ""
        yield (day(line.at, found.zone), line.who, line.what, f"{line.text}{late}")


def _told(found: Postmortem) -> Iterator[str]:
    if found.for_clients:
        return
    if not found.told:
        yield "<p>Nobody: nothing is on the timeline.</p>"
        return
    yield from _table(("When", "Who", ""), (_words(found, line) for line in found.told))


def _words(found: Postmortem, line: Line) -> Sequence[str]:
    return (day(line.at, found.zone), line.who, line.text)


def _actions(found: Postmortem) -> Iterator[str]:
    if not found.actions:
        yield _FILL
        return
    rows = (
        (
            f"#{each.id}",
            each.title,
            each.state,
            each.owner,
            day(each.due, found.zone) if each.due else "",
        )
        for each in found.actions
    )
    yield from _table(("Incident", "What", "State", "Who", "Due"), rows)
