"""What depends on what, host over databases over checks, and what is kept quiet. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lexops.checks.tree import Node
from lexops.checks.view import CheckRow, QuietSpan
from lexops.clock import show_duration
from lexops.tui.ink import Ink, Line, Tone, line
from lexops.tui.places import CheckPlace, Place, TargetPlace
from lexops.tui.presenters.columns import Column
from lexops.tui.presenters.status import age, counts, flag_words, symbol

_SIGNS = {"downtime": Tone.WARNING, "silence": Tone.WARNING, "freeze": Tone.KEY}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the tree: a target, or one of its checks."""

    node: Node
    depth: int
    check: CheckRow | None = None

    @property
    def place(self) -> Place:
        """Where it leads."""
        if self.check is None:
            return TargetPlace(self.node.target.name)
        return CheckPlace(self.check.target, self.check.check)


def rows(nodes: Sequence[Node], everything: bool) -> list[Row]:
    """The targets with their failing checks; with `everything` those that are well too."""
    found: list[Row] = []
    for node in nodes:
        found.append(Row(node, node.depth))
        shown = node.checks if everything else node.failing
        found += [Row(node, node.depth + 1, check) for check in shown]
    return found


def haystack(row: Row) -> str:
    """What a filter looks through."""
    status = row.check.status if row.check else row.node.target.status
    name = row.check.check if row.check else ""
    return f"target:{row.node.target.name}\ncheck:{name}\nis:{status}"


def columns(now: datetime) -> tuple[Column[Row], ...]:
    """Sign, name, what it says, since when."""
    return (
        Column("", lambda row: (symbol(row.check.status if row.check else row.node.target.status),), 1),
        Column("target and check", _name, 34),
        Column("says", _said, 20, grow=1),
        Column(
            "since",
            lambda row: (Ink(age(row.check.since, now) if row.check else "", Tone.QUIET),),
            5,
            right=True,
        ),
    )


def _name(row: Row) -> Line:
    name, tone = (row.check.check, Tone.PLAIN) if row.check else (row.node.target.name, Tone.STRONG)
    return (Ink(f"{'  ' * row.depth}{name}", tone),)


def _said(row: Row) -> Line:
    if row.check is None:
        return counts(row.node.target.counts)
    marks = flag_words(row.check.flags)
    return (Ink(f"({marks}) " if marks else ""), Ink(row.check.summary or row.check.title, Tone.QUIET))


def quiet_lines(spans: Sequence[QuietSpan], now: datetime) -> list[Line]:
    """Downtimes, silences and freezes: which, until when, why and whose."""
    if not spans:
        return [line(Ink(" no downtime, silence or freeze is on or announced", Tone.QUIET))]
    lines: list[Line] = []
    for span in spans:
        when = (
            f"for another {show_duration(span.ends - now)}"
            if span.starts <= now
            else f"in {show_duration(span.starts - now)}, for {show_duration(span.ends - span.starts)}"
        )
        by = f", {span.operator}" if span.operator else ""
        lines.append(
            line(
                Ink(f" {span.name:<9} ", _SIGNS.get(span.kind, Tone.PLAIN)),
                Ink(f"{span.target} {span.check}".rstrip(), Tone.STRONG),
                f"  {when}  ",
                Ink(f"{span.reason}{by}", Tone.QUIET),
            )
        )
    return lines
