"""What is measured, and what it comes to. Pure: nothing here looks at a clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured run. Seconds for one unit of work; bytes of memory where it was looked at."""

    wall: float
    cpu: float
    memory: float | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """The runs of one thing."""

    name: str
    samples: tuple[Sample, ...]

    @property
    def wall(self) -> float:
        return median(sample.wall for sample in self.samples)

    @property
    def cpu(self) -> float:
        return median(sample.cpu for sample in self.samples)

    @property
    def memory(self) -> float | None:
        seen = [sample.memory for sample in self.samples if sample.memory is not None]
        return median(seen) if seen else None


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times one thing costs what its peer costs; None where there is nothing to divide by."""

    name: str
    peer: str
    wall: float | None
    cpu: float | None
    memory: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one benchmark."""

    name: str
    title: str
    series: tuple[Series, ...]
    ratios: tuple[Ratio, ...]
    remarks: tuple[str, ...] = ()
    """What was skipped, and what a reader has to know."""


def report(
    name: str,
    title: str,
    series: Iterable[Series],
    pairs: Iterable[tuple[str, str]],
    remarks: Sequence[str] = (),
) -> Report:
    """A report with the ratio of each pair (a thing, its peer) of which both were measured."""
    known = {each.name: each for each in series if each.samples}
    ratios = tuple(ratio(known[of], known[peer]) for of, peer in pairs if of in known and peer in known)
    return Report(name, title, tuple(known.values()), ratios, tuple(remarks))


def ratio(of: Series, peer: Series) -> Ratio:
    """The medians of `of` divided by those of `peer`."""
    return Ratio(
        of.name,
        peer.name,
        _divided(of.wall, peer.wall),
        _divided(of.cpu, peer.cpu),
        _divided(of.memory, peer.memory),
    )


def _divided(value: float | None, by: float | None) -> float | None:
    return value / by if value is not None and by is not None and by > 0 else None


# As text and as data.


def as_text(result: Report) -> str:
    """The measured figures, the ratios and the remarks as aligned lines."""
    blocks = [f"{result.name}: {result.title}", _figures(result.series)]
    if result.ratios:
        blocks.append(_ratios(result.ratios))
    if result.remarks:
        blocks.append("\n".join(result.remarks))
    return "\n\n".join(blocks) + "\n"


def _figures(series: Sequence[Series]) -> str:
    has_memory = any(each.memory is not None for each in series)
    rows = [("", "runs", "wall ms", "CPU ms", *(("memory MB",) if has_memory else ()))]
    for each in series:
        memory = ("" if each.memory is None else f"{each.memory / 1e6:.1f}",) if has_memory else ()
        rows.append(
            (each.name, str(len(each.samples)), number(each.wall * 1e3), number(each.cpu * 1e3), *memory)
        )
    return _aligned(rows)


def _ratios(ratios: Sequence[Ratio]) -> str:
    has_memory = any(each.memory is not None for each in ratios)
    rows = [("ratio", "wall", "CPU", *(("memory",) if has_memory else ()))]
    for each in ratios:
        memory = (times(each.memory),) if has_memory else ()
        rows.append((f"{each.name} : {each.peer}", times(each.wall), times(each.cpu), *memory))
    return _aligned(rows)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def number(value: float) -> str:
    """With about three digits that count: `0.0652`, `6.5`, `652`, `65,200`."""
    if value >= 100:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"


def times(value: float | None) -> str:
    """`3.1 x`; empty where there is nothing to say."""
    return "" if value is None else f"{number(value)} x"


def as_data(result: Report) -> dict[str, object]:
    """The same for programs, in seconds and bytes, with every run."""
    return {
        "name": result.name,
        "title": result.title,
        "figures": [
            {
                "name": each.name,
                "wall": each.wall,
                "cpu": each.cpu,
                "memory": each.memory,
                "runs": [[sample.wall, sample.cpu, sample.memory] for sample in each.samples],
            }
            for each in result.series
        ],
        "ratios": [
            {"name": each.name, "peer": each.peer, "wall": each.wall, "cpu": each.cpu, "memory": each.memory}
            for each in result.ratios
        ],
        "remarks": list(result.remarks),
    }
