"""A policy as the JSON document of its revision, an escalation's memory as that of its row, and back. Pure.

    {"steps": [{"after": 600, "tell": ["rota:dba", "operator:ana"], "level": ""}],
     "fits": {"priority": "P1"}, "calendar": "always", "repeat": 2, "remind": 3600, "release": 900,
     "fallback": ["role:manager"], "then": ""}

Reading takes nothing for granted: by what it gives back people are told.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any

from lexops.calendars.document import Unusable, moment, reading
from lexops.escalation import notation
from lexops.escalation.model import FACTS, Fits, Policy, Progress, Step, Who

Document = dict[str, Any]


def to_document(policy: Policy) -> Document:
    """The policy without its name; the same policy is always the same document."""
    fits = {name: getattr(policy.fits, name) for name in FACTS}
    return {
        "steps": [
            {"after": step.after, "tell": [str(who) for who in step.tell], "level": step.level}
            for step in policy.steps
        ],
        "fits": {name: value for name, value in fits.items() if value},
        "calendar": policy.calendar,
        "repeat": policy.repeat,
        "remind": policy.remind,
        "release": policy.release,
        "fallback": [str(who) for who in policy.fallback],
        "then": policy.then,
    }


def from_document(name: str, document: object) -> Policy:
    """The policy of a document. Raises Unusable that says what is wrong with it."""
    with reading():
        assert isinstance(document, dict)
        return Policy(
            name=name,
            steps=tuple(map(_step, document["steps"])),
            fits=Fits(**{fact: str(value) for fact, value in document["fits"].items()}),
            calendar=str(document["calendar"]),
            repeat=_count(document["repeat"]),
            remind=_count(document["remind"]),
            release=_count(document["release"]),
            fallback=_people(document["fallback"]),
            then=str(document["then"]),
        )


def _step(document: Document) -> Step:
    told = _people(document["tell"])
    if not told:
        raise Unusable("a step that tells nobody")
    return Step(_count(document["after"]), told, str(document["level"]))


def _people(names: list[str]) -> tuple[Who, ...]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Unusable(f"people that are no list of names: {names!r}")
    return notation.people(", ".join(names))


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise Unusable(f"{value!r} where a number of seconds or times belongs")
    return value


# What an escalation remembers.


def to_snapshot(policy: Policy, progress: Progress) -> Document:
    """What a row keeps beside its columns: the policy as it was, and what has to be remembered."""
    return {"policy": {"name": policy.name} | to_document(policy), "progress": _memory(progress)}


def _memory(progress: Progress) -> Document:
    moments = {
        name: value.astimezone(UTC).isoformat()
        for name in ("since", "waits", "taken", "sign", "asked")
        if (value := getattr(progress, name)) is not None
    }
    kept = {
        "severity": progress.severity,
        "priority": progress.priority,
        "facts": list(progress.facts),
        "base": progress.base,
        "passed": list(progress.passed),
        "rung": list(progress.rung) if progress.rung else None,
        "why": progress.why,
        "reminders": progress.reminders,
        "signals": list(progress.signals),
    }
    return {name: value for name, value in kept.items() if value} | moments


def from_snapshot(document: object) -> tuple[Policy, Progress]:
    """The policy and the memory of a row. Raises Unusable."""
    with reading():
        assert isinstance(document, dict)
        policy = from_document(str(document["policy"]["name"]), document["policy"])
        kept = document["progress"]
        rung = kept.get("rung")
        return policy, Progress(
            severity=str(kept.get("severity", "")),
            priority=str(kept.get("priority", "")),
            facts=tuple(map(str, kept.get("facts", ()))),
            since=moment(kept.get("since")),
            base=_count(kept.get("base", 0)),
            passed=tuple(map(str, kept.get("passed", ()))),
            rung=(_count(rung[0]), _count(rung[1])) if rung else None,
            why=str(kept.get("why", "")),
            waits=moment(kept.get("waits")),
            taken=moment(kept.get("taken")),
            sign=moment(kept.get("sign")),
            asked=moment(kept.get("asked")),
            reminders=_count(kept.get("reminders", 0)),
            signals=tuple(map(str, kept.get("signals", ()))),
        )
