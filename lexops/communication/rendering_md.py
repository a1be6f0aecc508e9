"""The report after an incident as Markdown: readable as it is, to be finished in an editor. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lexops.communication.model import Action
from lexops.communication.postmortem import Line, Postmortem, span_words
from lexops.communication.rendering import FILL, day, headings, markdown, promise_words, under_words


def text(found: Postmortem) -> str:
    """The whole report; every line ends itself."""
    words = headings(found)
    lines = [
        f"# {words.title}",
        "",
        *(f"{line}  " for line in map(markdown, words.lines)),
        "",
        *(f"- {markdown(name)}: {markdown(value)}" for name, value in found.facts),
        *_section("Summary", [markdown(found.summary) or FILL]),
        *_section("Impact", _impact(found)),
        *_section("How long it took", _metrics(found)),
        *_section("Timeline", _timeline(found, found.timeline)),
        *_section("Who was told", _told(found)),
        *_section("What went well", [FILL]),
        *_section("What did not go well", [FILL]),
        *_section("Why it happened", [FILL]),
        *_section("Actions", _actions(found)),
    ]
    return "".join(f"{line}\n" for line in lines)


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield from ("", f"## {title}", "", *found)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    yield from (f"| {' | '.join(map(markdown, row))} |" for row in rows)


def _impact(found: Postmortem) -> Iterator[str]:
    yield from (f"- {markdown(each)}" for each in found.affected)
    under = under_words(found)
    if under:
        yield f"- {markdown(under)}"
    for child in found.children:
        ended = day(child.resolved, found.zone) if child.resolved else "open"
        where = f", {child.target}" if child.target else ""
        told = (
            f"incident #{child.incident}{where}: {child.title} ({day(child.opened, found.zone)} to {ended})"
        )
        yield f"  - {markdown(told)}"
    if not found.affected and not under:
        yield FILL
    if found.promises:
        yield from ("", *_table(("Promise", "Kept", "Due", "Ended"), promise_words(found)))


def _metrics(found: Postmortem) -> Iterator[str]:
    yield from (f"- {markdown(each.name)}: {markdown(span_words(each))}" for each in found.metrics)


def _timeline(found: Postmortem, lines: Iterable[Line]) -> Iterator[str]:
    rows = (
        (day(line.at, found.zone), line.who, line.what, f"{line.text}{_late(found, line)}") for line in lines
    )
    yield from _table(("When", "Who", "What", ""), rows)


def _late(found: Postmortem, line: Line) -> str:
    return f" (written {day(line.recorded, found.zone)})" if line.recorded else ""


def _told(found: Postmortem) -> Iterator[str]:
    if found.for_clients:
        return
    if not found.told:
        yield "Nobody: nothing is on the timeline."
        return
    yield from _table(("When", "Who", ""), ((day(x.at, found.zone), x.who, x.text) for x in found.told))


def _actions(found: Postmortem) -> Iterator[str]:
    if not found.actions:
        yield FILL
        return
    yield from (f"- {_action(found, each)}" for each in found.actions)


def _action(found: Postmortem, action: Action) -> str:
    box = "[ ]" if action.is_open else "[x]"
    who = f", {action.owner}" if action.owner else ""
    due = f", due {day(action.due, found.zone)}" if action.due else ""
    return f"{box} {markdown(f'incident #{action.id}, {action.state}{who}{due}: {action.title}')}"
