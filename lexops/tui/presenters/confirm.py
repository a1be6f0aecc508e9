"""The dialogs before what destroys, and before what needs proof of who one is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from lexops.clock import show_duration
from lexops.gate.model import Preview
from lexops.text import plural
from lexops.tui.ink import Ink, Line, Tone, line, spread, wrapped
from lexops.tui.presenters.environment import environment_badge
from lexops.tui.presenters.facts import facts
from lexops.tui.presenters.forms import LABEL, labelled
from lexops.tui.views import Means, SigningTask

GLASS = (
    "It is done at once, without approval. Everybody is alarmed, and somebody else has to review it"
    " within 24 hours."
)


def confirm_heading(preview: Preview, width: int) -> Line:
    """What it is, on what, and where."""
    on = f" {preview.target}" if preview.target else ""
    left = (Ink(preview.title, Tone.TITLE), Ink(on, Tone.STRONG))
    return spread(left, (environment_badge(preview.environment),), width)


def confirm_lines(preview: Preview, arguments: Mapping[str, object], width: int) -> list[Line]:
    """What exactly would be done."""
    lines = [
        each
        for name, value in arguments.items()
        if value is not None
        for each in facts(name, str(value), width, LABEL)
    ]
    plan = [each for step in preview.plan for each in wrapped(step, max(10, width - LABEL))]
    for index, step in enumerate(plan or ["cannot be undone"]):
        lines.append(labelled("does" if index == 0 else "", step))
    return lines


def needs_lines(preview: Preview, width: int) -> list[Line]:
    """What the act still needs."""
    return facts("needs", needs_words(preview.second_factor, preview.approvals), width, LABEL)


def needs_words(second_factor: timedelta | None, approvals: int) -> str:
    """`second factor, approval by another person`."""
    needs = ["your second factor"] if second_factor is not None else []
    if approvals:
        others = (
            "another person"
            if approvals == 1
            else plural(approvals, "other person").replace("persons", "people")
        )
        needs.append(f"approval by {others}")
    return ", then ".join(needs) or "nothing more"


def glass_lines(width: int) -> list[Line]:
    """What breaking the glass means."""
    first, *rest = wrapped(GLASS, max(10, width - 2))
    return [
        line(Ink("▲ BREAK GLASS", Tone.CRITICAL)),
        *(line(Ink(f"  {part}", Tone.PLAIN)) for part in (first, *rest)),
    ]


def word_line(word: str) -> Line:
    """What has to be typed."""
    return line(Ink("Type ", Tone.QUIET), Ink(f" {word} ", Tone.CHIP), Ink(" to go on", Tone.QUIET))


# Second factor


def step_up_lines(preview: Preview, means: Means, width: int) -> list[Line]:
    """For what it is asked, and for how long it counts."""
    effect = {"read": "reading what is confidential", "destroy": "what destroys"}.get(
        preview.effect, "weighty changes"
    )
    covers = f"{effect} in {preview.environment}, for {show_duration(timedelta(minutes=means.minutes))}"
    return [*facts("for", preview.title, width, LABEL), *facts("covers", covers, width, LABEL)]


def tries_words(means: Means, wrong: int) -> str:
    """How many more wrong codes are borne, as far as this dialog has seen."""
    left = max(0, means.tries - wrong)
    return f"at most {plural(left, 'more try').replace('trys', 'tries')}, then tries are paused"


def signing_lines(task: SigningTask, width: int) -> list[Line]:
    """What to type where the key is; never wrapped by word, so that it can be copied as it is."""
    lines: list[Line] = [line(Ink("Where your key is, type this, then paste what it prints:", Tone.QUIET))]
    for each in task.command.split("\n"):
        parts = [each[at : at + width] for at in range(0, len(each), width)] or [""]
        lines += [line(Ink(part)) for part in parts]
    return lines
