"""A ticket system in memory: what the servers of the three dialects show, and what tests look at."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lexops.trackers.model import Comment, External
from lexops.trackers.port import TrackerDown, TrackerRefused
from tests.clock import START

STATES = ("To Do", "In Progress", "Waiting", "Done", "Closed", "Dropped")


@dataclass
class Said:
    """A comment."""

    id: str
    at: datetime
    author: str
    text: str
    html: bool = False


@dataclass
class Ticket:
    id: str
    title: str
    text: str
    mark: str
    state: str = "To Do"
    said: list[Said] = field(default_factory=list)


class Board:
    """Tickets, comments and a workflow; its clock is its own."""

    def __init__(self) -> None:
        self.tickets: dict[str, Ticket] = {}
        self.at = START
        self.states: Sequence[str] = STATES
        self.stuck: set[str] = set()
        """States from which nothing leads away."""
        self.hidden: set[str] = set()
        """Tickets that the search does not know yet."""
        self._ids = itertools.count(1)

    def create(self, title: str, text: str, mark: str = "", id: str = "") -> Ticket:
        number = next(self._ids)
        made = Ticket(id or str(number), title, text, mark)
        self.tickets[made.id] = made
        return made

    def say(self, id: str, author: str, text: str, *, html: bool = False) -> Said:
        self.at += timedelta(seconds=1)
        said = Said(str(1000 + next(self._ids)), self.at, author, text, html)
        self.tickets[id].said.append(said)
        return said

    def can(self, id: str, state: str) -> bool:
        ticket = self.tickets[id]
        return state in self.states and ticket.state not in self.stuck

    def marked(self, mark: str) -> list[Ticket]:
        return [each for each in self.tickets.values() if each.mark == mark and each.id not in self.hidden]

    @property
    def only(self) -> Ticket:
        (found,) = self.tickets.values()
        return found

    def texts(self, author: str = "lexops") -> list[str]:
        """What we said, without our line at the end."""
        said = [each for ticket in self.tickets.values() for each in ticket.said if each.author == author]
        return [each.text.rpartition("\n")[0].strip() for each in said]


class OnBoard:
    """The port, straight on a board. `fault` is asked around every call: it may raise before or after."""

    def __init__(self, board: Board, fault: Callable[[str], None] = lambda _when: None) -> None:
        self.board, self.fault = board, fault

    def who(self) -> str:
        return "lexops"

    def find(self, mark: str) -> External | None:
        self.fault("before")
        found = self.board.marked(mark)
        return self._external(found[0]) if found else None

    def create(self, title: str, text: str, mark: str) -> External:
        self.fault("before")
        made = self.board.create(title, text, mark)
        self.fault("after")
        return self._external(made)

    def comment(self, id: str, text: str) -> str:
        self.fault("before")
        said = self.board.say(id, "lexops", text)
        self.fault("after")
        return said.id

    def transition(self, id: str, states: Sequence[str]) -> str:
        self.fault("before")
        state = next((each for each in states if self.board.can(id, each)), None)
        if state is None:
            raise TrackerRefused("no way")
        self.board.tickets[id].state = state
        self.fault("after")
        return state

    def read(self, id: str, since: datetime | None) -> External:
        self.fault("before")
        if id not in self.board.tickets:
            raise TrackerRefused("HTTP 404")
        return self._external(self.board.tickets[id])

    def _external(self, ticket: Ticket) -> External:
        said = tuple(Comment(each.id, each.at, each.author, each.text) for each in ticket.said)
        return External(ticket.id, f"https://x/{ticket.id}", ticket.state, ticket.title, said)


def down(_when: str) -> None:
    raise TrackerDown("HTTP 503")
