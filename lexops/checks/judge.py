"""What do the observations of a check mean? Pure: recorded ones can be judged again with other thresholds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b

from lexops.checks import quantity
from lexops.checks.model import Check, Finding, Judged, Metric, Note, Observation, Status, Verdict
from lexops.text import LIMIT, clean, one_line, plural

FIRST_LOOK = "first look at the counters; the next one can tell how they grow"
NOTHING = "nothing was measured, so nothing can be said"
KEPT = 200
"""Findings kept as evidence; all are counted."""
NAME, ITEM, KEY = 80, 200, 200
"""Characters of a metric's name, a metric's item and a finding's key that the store keeps."""


EASE = 0.1
"""What was bad is good again only this much inside its thresholds."""


def judge(
    check: Check,
    observations: Iterable[Observation],
    *,
    standing: Mapping[str, str] | None = None,
    waits: bool = False,
) -> Verdict:
    """The verdict on `observations`: the worst of what was judged, the worst first in the summary.

    `standing` is the status of metrics that were bad at the last look, by :func:`metric_key`. A check with
    thresholds that yields nothing to compare is UNKNOWN: not seen is never fine; PENDING when it `waits` for
    a second look at its counters.
    """
    metrics, findings, notes = _sorted(observations)
    judged = [
        _judge_metric(check, metric, (standing or {}).get(metric_key(metric), ""))
        for metric in metrics
        if not metric.info
    ]
    judged.sort(key=lambda j: (-j.status.rank, j.item))
    if check.has_levels and not judged and not findings:
        status, why = (Status.PENDING, FIRST_LOOK) if waits else (Status.UNKNOWN, NOTHING)
        return Verdict(status, why, metrics=metrics, notes=notes)
    grants = tuple(dict.fromkeys(f.grant for f in findings if f.grant))
    return Verdict(
        max(
            [j.status for j in judged] + [f.status for f in findings], key=lambda s: s.rank, default=Status.OK
        ),
        _summary(judged, findings, metrics, notes),
        judged=tuple(judged),
        metrics=metrics,
        findings=tuple(findings[:KEPT]),
        total=len(findings),
        notes=(*notes, Note("kept", f"{KEPT} of {len(findings):,} findings"))
        if len(findings) > KEPT
        else notes,
        hint="; ".join(grants),
        grants=grants,
    )


def _sorted(
    observations: Iterable[Observation],
) -> tuple[tuple[Metric, ...], list[Finding], tuple[Note, ...]]:
    seen = list(observations)
    findings = [
        Finding(_cut(clean(f.key), KEY), one_line(f.text), f.status, f.detail, f.grant)
        for f in seen
        if isinstance(f, Finding)
    ]
    findings.sort(key=lambda f: -f.status.rank)
    notes = tuple(Note(one_line(n.label, 60), one_line(n.text)) for n in seen if isinstance(n, Note))
    metrics = tuple(
        replace(m, name=_cut(one_line(m.name, LIMIT), NAME), item=_cut(one_line(m.item, LIMIT), ITEM))
        for m in seen
        if isinstance(m, Metric)
    )
    return metrics, findings, notes


def _cut(text: str, longest: int) -> str:
    """No longer than the store keeps it; a hash at the end tells long names apart that begin alike."""
    if len(text) <= longest:
        return text
    digest = blake2b(text.encode(), digest_size=4).hexdigest()
    return f"{text[: longest - len(digest) - 1]}…{digest}"


def metric_key(metric: Metric) -> str:
    """What tells a metric from the others of its check."""
    return f"{metric.name}|{metric.item}"


def _judge_metric(check: Check, metric: Metric, standing: str) -> Judged:
    text, key = _text(metric), metric_key(metric)
    if math.isnan(metric.value):
        return Judged(Status.UNKNOWN, f"{text}: no number", metric.item, key)
    levels = check.levels_for(metric.name)
    try:
        for status, level in ((Status.CRITICAL, levels.crit), (Status.WARNING, levels.warn)):
            was = standing in (status, Status.CRITICAL)
            if level is not None and level.alerts(metric.value, metric.limit, ease=EASE if was else 0.0):
                better = "" if level.alerts(metric.value, metric.limit) else ", not clearly better yet"
                return Judged(status, f"{text} ({_word(status)} {level.text}{better})", metric.item, key)
    except ValueError as error:
        return Judged(Status.UNKNOWN, f"{text}: {error}", metric.item, key)
    return Judged(Status.OK, text, metric.item, key)


def _word(status: Status) -> str:
    return "crit" if status is Status.CRITICAL else "warn"


def _text(metric: Metric) -> str:
    name = metric.name.replace("_", " ")
    value = quantity.show(metric.value, metric.unit)
    of = ""
    if metric.limit:
        share = 100 * metric.value / metric.limit
        of = f" of {quantity.show(metric.limit, metric.unit)} ({quantity.figures(share)} %)"
    item = f"{one_line(metric.item, 80)}: " if metric.item else ""
    return f"{item}{name} {value}{of}"


def _summary(
    judged: Sequence[Judged], findings: Sequence[Finding], metrics: Sequence[Metric], notes: Sequence[Note]
) -> str:
    bad = [j for j in judged if j.status.is_problem]
    if findings and not (bad and bad[0].status.rank > findings[0].status.rank):
        rest = f" and {len(findings) - 1:,} more" if len(findings) > 1 else ""
        return f"{findings[0].text}{rest}"
    if bad:
        rest = f" and {len(bad) - 1:,} more" if len(bad) > 1 else ""
        return f"{bad[0].text}{rest}"
    if len(judged) > 1:
        return f"{plural(len(judged), 'item')} within limits"
    if judged:
        return judged[0].text
    if notes:
        return f"{notes[0].label}: {notes[0].text}" if notes[0].label else notes[0].text
    return _text(metrics[0]) if metrics else "nothing found"
