"""The keys that act on incidents, and what the pages about one of them share."""

from __future__ import annotations

from abc import abstractmethod
from typing import TypeVar

from textual.binding import Binding

from lexops.incidents.model import Incident
from lexops.tui.presenters.incidents import why_not
from lexops.tui.screens.page import Page
from lexops.tui.snapshot import Snapshot

T = TypeVar("T")


def _act(key: str, name: str, label: str, tooltip: str, *, show: bool = True) -> Binding:
    action = f"operate('incident.{name}')"
    return Binding(key, action, label, show=show, id=f"incident.{name}", tooltip=tooltip)


LATER = (
    _act("R", "reopen", "re-open", "It is not over", show=False),
    _act("U", "asked", "asked", "Note what the client wants to know", show=False),
    _act("X", "cancel", "cancel", "It was none, or is another one: it counts in no report", show=False),
)
TAKING = (
    _act("a", "acknowledge", "take", "Take it in hand"),
    _act("n", "note", "note", "Write a note"),
    _act("x", "resolve", "resolve", "Resolve it"),
)
WAITING = (
    _act("u", "answer", "answered", "Note what the client was told"),
    _act("p", "pause", "wait", "Wait for the client, or somebody else outside"),
    _act("r", "resume", "go on", "Go on after waiting"),
)
CLOCKS = (
    *WAITING,
    # Where the filter is cleared elsewhere, and so before all other keys: not in the foot line.
    _act("c", "classify", "classify", "Change its priority, client, provider or queue", show=False),
    *LATER,
)
TELLING = (
    _act("E", "escalate", "escalate", "Tell the next people now"),
    _act("A", "assign", "assign", "Give it to somebody", show=False),
    _act("F", "release", "give back", "Give it back: somebody else is told then", show=False),
    Binding("W", "watch", "watch", show=False, id="incident.watch", tooltip="Be told of it, or no longer"),
    Binding(
        "i",
        "operate('notice.update')",
        "inform",
        show=False,
        id="incident.inform",
        tooltip="Tell an audience how it goes, and when it hears more",
    ),
    _act("M", "mitigate", "mitigated", "It no longer hurts, though it is not mended", show=False),
)
BELONGING = (
    _act("l", "link", "link", "Link it with something", show=False),
    _act("D", "duplicate", "duplicate", "It is the same as another one", show=False),
    _act("J", "merge", "merge", "It goes on in another one", show=False),
    _act("S", "split", "split", "Make a part of it an incident of its own", show=False),
    _act("L", "group", "list under", "List it under another one, which is told of instead", show=False),
    Binding(
        "P",
        "operate('article.promote')",
        "to article",
        show=False,
        id="incident.promote",
        tooltip="Make an article of how it was solved",
    ),
    Binding("B", "runbook", "runbook", id="incident.runbook", tooltip="To the runbook of its check"),
)


class OfIncident(Page[T]):
    """A page about one incident; its keys only open a form, the gate decides."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    @property
    @abstractmethod
    def incident(self) -> Incident | None:
        """The incident, once it has been read."""

    def crumbs(self) -> tuple[str, ...]:
        return (f"#{self.number}",)

    def subject(self) -> dict[str, object]:
        return {"incident": self.number}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if self.why_not(action, parameters) else super().check_action(action, parameters)

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str:
        if action == "operate" and not self.console.offers(str(parameters[0])):
            return "it is not offered to you"
        if action != "operate" or self.incident is None:
            return super().why_not(action, parameters)
        return why_not(self.incident, str(parameters[0]))

    def action_operate(self, name: str) -> None:
        self.console.operate(name, self.subject())

    def action_watch(self) -> None:
        name, known = watching(self.console.snapshot, self.number)
        self.console.operate(name, {**self.subject(), **known})


def watching(snapshot: Snapshot | None, incident: int) -> tuple[str, dict[str, object]]:
    """The act that the key asks for, and whom it is about: oneself."""
    if snapshot is None or snapshot.session is None:
        return "incident.watch", {}
    watched = incident in snapshot.duty.watched
    return "incident.unwatch" if watched else "incident.watch", {"operator": snapshot.session.operator}
