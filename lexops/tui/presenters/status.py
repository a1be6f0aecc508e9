"""How a status, an age and the last day are said: symbol, word and tone, never colour alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from lexops.checks.model import WORST_FIRST, Status
from lexops.checks.view import CheckRow, Flag
from lexops.tui.ink import Ink, Line, Tone

SYMBOLS = {
    Status.OK: "✔",
    Status.WARNING: "▲",
    Status.CRITICAL: "✖",
    Status.UNKNOWN: "?",
    Status.PENDING: "…",
    Status.NOT_APPLICABLE: "–",
}
TONES = {
    Status.OK: Tone.OK,
    Status.WARNING: Tone.WARNING,
    Status.CRITICAL: Tone.CRITICAL,
    Status.UNKNOWN: Tone.UNKNOWN,
    Status.PENDING: Tone.QUIET,
    Status.NOT_APPLICABLE: Tone.QUIET,
}
RIBBON = {
    Status.OK: ("▁", Tone.QUIET),
    Status.PENDING: ("·", Tone.QUIET),
    Status.NOT_APPLICABLE: ("▁", Tone.QUIET),
    Status.WARNING: ("▄", Tone.WARNING),
    Status.UNKNOWN: ("░", Tone.UNKNOWN),
    Status.CRITICAL: ("█", Tone.CRITICAL),
}
UNSEEN = ("·", Tone.QUIET)
NOT_YET = "NOT YET SEEN"

GLOSSARY: tuple[tuple[Ink, str], ...] = (
    (Ink("✔ OK", Tone.OK), "looked at and good"),
    (Ink("▲ WARNING", Tone.WARNING), "past the first threshold: see to it in office hours"),
    (Ink("✖ CRITICAL", Tone.CRITICAL), "past the second threshold: see to it now"),
    (Ink("? UNKNOWN", Tone.UNKNOWN), "could not look, so nobody knows; never read it as good"),
    (Ink("– NOT APPLICABLE", Tone.QUIET), "or N/A: this target has nothing of the kind"),
    (Ink("… PENDING", Tone.QUIET), "needs a second look, for it judges how something grows"),
    (Ink("· NOT YET SEEN", Tone.QUIET), "no result so far"),
    (Ink("▲ warned", Tone.WARNING), "a clock that has used up so much of its time that somebody was warned"),
    (Ink("✖ overdue", Tone.CRITICAL), "what was promised is not done, and the time for it is used up"),
    (Ink("… paused", Tone.QUIET), "the clock waits, because the ticket waits for somebody outside"),
    (Ink("soft"), "bad, but not yet often enough in a row to count"),
    (Ink("stale"), "the last result is older than it should be"),
    (Ink("flapping"), "changes its mind too often to be believed"),
    (Ink("unreachable"), "the target itself could not be reached; that says nothing of this check"),
    (Ink("downtime"), "announced work, nobody is called"),
    (Ink("silenced"), "counts and shows, but nobody is told until the silence ends"),
    (Ink("acknowledged"), "a person has it"),
    (Ink("→ ana 3 m"), "of an incident nobody has taken: ana is told of it in three minutes"),
    (Ink("nobody", Tone.WARNING), "no escalation policy fits, so nobody is told"),
    (Ink("held", Tone.QUIET), "nobody is told for now: silenced, or part of a storm"),
    (Ink("✖ unanswered", Tone.CRITICAL), "everybody was told, and nobody took it"),
    (Ink("▸ 4", Tone.KEY), "so many incidents are listed under this one"),
    (Ink("▁▁▄█░·"), "worst status of each hour: ok, warning, critical, could not look, not seen"),
)

_FLAG_WORDS = {
    Flag.ACKNOWLEDGED: "ack",
    Flag.DOWNTIME: "downtime",
    Flag.SILENCED: "silenced",
    Flag.UNREACHABLE: "unreachable",
    Flag.STALE: "stale",
    Flag.FLAPPING: "flapping",
    Flag.SOFT: "soft",
}


def tone(status: Status | None) -> Tone:
    """The tone of a status; None is not looked at yet."""
    return TONES[status] if status else Tone.QUIET


def symbol(status: Status | None) -> Ink:
    """The sign alone."""
    return Ink(SYMBOLS[status], TONES[status]) if status else Ink(*UNSEEN)


def badge(status: Status | None) -> Ink:
    """Sign and word."""
    if status is None:
        return Ink(f"{UNSEEN[0]} {NOT_YET}", Tone.QUIET)
    return Ink(f"{SYMBOLS[status]} {status}", TONES[status])


def short_badge(status: Status | None) -> Ink:
    """Sign and word for a column of a list."""
    if status is None:
        return Ink(f"{UNSEEN[0]} NOT YET", Tone.QUIET)
    if status is Status.NOT_APPLICABLE:
        return Ink(f"{SYMBOLS[status]} N/A", Tone.QUIET)
    return badge(status)


def flag_words(flags: Iterable[Flag]) -> str:
    """The circumstances in a fixed order: `ack, stale`."""
    given = frozenset(flags)
    return ", ".join(word for flag, word in _FLAG_WORDS.items() if flag in given)


def has_owner(row: CheckRow) -> bool:
    """Whether a person has the problem already or announced it."""
    return bool(row.flags & {Flag.ACKNOWLEDGED, Flag.DOWNTIME})


def age(since: datetime | None, now: datetime) -> str:
    """How long ago, so coarse that it seldom changes, in four cells: `<1 m`, `12 m`, `3 h`, `9 d`, `117d`."""
    if since is None:
        return ""
    minutes = int((now - since).total_seconds()) // 60
    if minutes < 1:
        return "<1 m"
    if minutes < 60:
        return f"{minutes} m"
    if minutes < 24 * 60:
        return f"{minutes // 60} h"
    days = minutes // (24 * 60)
    return f"{days} d" if days < 100 else f"{days}d"


def ribbon(hours: Sequence[Status | None]) -> Line:
    """One sign per hour, oldest first; equal neighbours share a piece."""
    signs = [RIBBON[status] if status else UNSEEN for status in hours]
    return tuple(Ink(sign * len(list(run)), ink) for (sign, ink), run in groupby(signs))


def counts(numbers: Mapping[Status, int]) -> Line:
    """`1 ✖ 2 ▲ 39 ok`: the worst first, nothing that is zero."""
    pieces: list[Ink] = []
    for status in WORST_FIRST:
        count = numbers.get(status, 0)
        if not count or status is Status.NOT_APPLICABLE:
            continue
        if pieces:
            pieces.append(Ink(" "))
        if status is Status.OK:
            pieces.append(Ink(f"{count:,} ok", Tone.QUIET))
        else:
            pieces.append(Ink(f"{count:,} {SYMBOLS[status]}", TONES[status]))
    return tuple(pieces) or (Ink("nothing seen", Tone.QUIET),)
