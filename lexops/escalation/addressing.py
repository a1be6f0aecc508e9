"""Whom a rung reaches at the moment in which it is told, and whom not, with the reason. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from lexops.escalation.model import Who, WhoKind
from lexops.outbox.model import Recipient, RecipientKind


class Directory(Protocol):
    """Who is who at a moment."""

    def on_call(self, rota: str) -> tuple[str, str]:
        """The person, or empty and why there is nobody."""
        ...

    def with_role(self, role: str) -> Sequence[str]:
        """The active operators of a role, by name."""
        ...

    def unreachable(self, recipient: Recipient) -> str:
        """Why nobody can be reached under this name; empty when somebody can."""
        ...


NO_OWNER = "nobody owns it"


@dataclass(frozen=True, slots=True)
class Reached:
    """Somebody a rung tells."""

    recipient: Recipient
    why: str
    """`on call for dba`; empty where the policy names them themselves."""

    @property
    def words(self) -> str:
        """As a timeline tells it: `ana (on call for dba)`, `channel ops`."""
        name = self.recipient.name
        if self.recipient.kind is not RecipientKind.OPERATOR:
            name = f"{self.recipient.kind} {name}"
        return f"{name} ({self.why})" if self.why else name


@dataclass(frozen=True, slots=True)
class Addressed:
    """Whom some names stand for now."""

    reached: tuple[Reached, ...] = ()
    missing: tuple[str, ...] = ()
    """Why somebody of them is not told, in words."""

    @property
    def words(self) -> str:
        return ", ".join(each.words for each in self.reached)


def addressed(tell: Iterable[Who], owner: str, directory: Directory) -> Addressed:
    """Whom the names stand for, each once, in their order; `owner` is empty while nobody has taken it."""
    reached: dict[Recipient, Reached] = {}
    missing: list[str] = []
    for who in tell:
        found, problem = _stands_for(who, owner, directory)
        if problem:
            missing.append(problem)
        for each in found:
            reason = directory.unreachable(each.recipient)
            if reason:
                missing.append(f"{reason} ({each.why})" if each.why else reason)
            else:
                reached.setdefault(each.recipient, each)
    if reached:
        missing = [each for each in missing if each != NO_OWNER]  # which is the usual
    return Addressed(tuple(reached.values()), tuple(dict.fromkeys(missing)))


def _stands_for(who: Who, owner: str, directory: Directory) -> tuple[list[Reached], str]:
    match who.kind:
        case WhoKind.OPERATOR:
            return [_operator(who.name)], ""
        case WhoKind.ROTA:
            person, problem = directory.on_call(who.name)
            return ([_operator(person, f"on call for {who.name}")], "") if person else ([], problem)
        case WhoKind.OWNER:
            return ([_operator(owner, "owner")], "") if owner else ([], NO_OWNER)
        case WhoKind.ROLE:
            found = [_operator(name, who.name) for name in directory.with_role(who.name)]
            return found, "" if found else f"nobody has the role {who.name}"
        case WhoKind.CHANNEL:
            return [Reached(Recipient(RecipientKind.CHANNEL, who.name), "")], ""
        case WhoKind.AUDIENCE:
            return [Reached(Recipient(RecipientKind.AUDIENCE, who.name), "")], ""


def _operator(name: str, why: str = "") -> Reached:
    return Reached(Recipient(RecipientKind.OPERATOR, name), why)
