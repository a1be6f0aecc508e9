"""Are people told? Does what LexOps has to say arrive?"""

from __future__ import annotations

from collections.abc import Iterator

from lexops.checks.contract import Finding, History, Metric, Observation, Status, check
from lexops.outbox.health import health
from lexops.outbox.model import Message, Urgency
from lexops.text import one_line

_STATUS = {Urgency.PAGE: Status.CRITICAL, Urgency.NOTICE: Status.WARNING}


@check(
    "lexops.outbox",
    target=History,
    every="1m",
    attempts=1,
    source="LexOps' own judgement: a page goes at once, so one that is 5 min late is not being sent",
    fault="a page that no channel takes",
    mend="lexops outbox list --failed says why; lexops outbox check names what is wrong; "
    "then lexops outbox retry ID, or lexops outbox drop ID when it no longer matters.",
)
def outbox(history: History) -> Iterator[Observation]:
    """People are not told.

    Lists the pages of the last day that nobody took and nobody has answered for, and those that are not being
    sent. Notices that fail are a warning.

    Somebody who is not told of a stopped billing system cannot mend it.
    """
    found = history.ask(health)
    yield Metric("failed", len(found.failed), info=True)
    yield Metric("overdue", len(found.overdue), info=True)
    for message in found.failed:
        yield _finding(message, f"nobody took it: {one_line(message.error, 150)}")
    for message in found.overdue:
        yield _finding(message, "it is overdue and is not being sent")


def _finding(message: Message, what: str) -> Finding:
    about = f"message {message.id} ({message.urgency}) to {message.recipient} about {message.subject}"
    return Finding(f"message/{message.id}", f"{about}: {what}", _STATUS[message.urgency])
