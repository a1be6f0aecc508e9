"""What becomes of a request: its states, what it still needs, and the answers of the gate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lexops.config import Environment
from lexops.errors import Refused
from lexops.operations import Effect


class State(StrEnum):
    """Where a request stands."""

    WAITING = "waiting"
    """Others have to approve it."""
    RELEASED = "released"
    """A worker may take it."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """Its process died in the middle and a person has to say what is true."""
    PAUSED = "paused"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    EXPIRED = "expired"
    VOID = "void"
    """What was approved is no longer what would be done."""


ENDED = frozenset({State.DONE, State.CANCELLED, State.REFUSED, State.EXPIRED, State.VOID})
"""Nothing follows any more."""
STOPPED = frozenset({State.FAILED, State.INTERRUPTED, State.PAUSED})
"""A person may resume it or give it up."""


@dataclass(frozen=True, slots=True)
class Approval:
    """What somebody said to a waiting request."""

    by: str
    agreed: bool
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class StepView:
    """How far one step of a request is."""

    number: int
    name: str
    state: str
    started: datetime | None
    ended: datetime | None
    worker: str | None
    said: str


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request as screens and commands show it."""

    id: int
    key: str
    operation: str
    title: str
    effect: Effect
    arguments: dict[str, str]
    plan: tuple[str, ...]
    operator: str
    operator_id: str
    door: str
    environment: Environment
    target: str | None
    hash: str
    at: datetime
    changed: datetime
    state: State
    answer: str
    approvals_needed: int
    approvals: tuple[Approval, ...]
    expires: datetime | None
    break_glass: str
    review_due: datetime | None
    reviewed_by: str | None
    steps: tuple[StepView, ...]

    @property
    def missing(self) -> int:
        """How many people still have to agree."""
        return self.approvals_needed - sum(approval.agreed for approval in self.approvals)

    @property
    def needs_review(self) -> bool:
        """Whether its break-glass has not been looked at by somebody else."""
        return bool(self.break_glass) and self.reviewed_by is None and self.state is not State.REFUSED


@dataclass(frozen=True, slots=True)
class Job:
    """A released request that a worker may take."""

    key: str
    attempt: int
    steps: int
    first: int
    """The first step that is not done."""
    lane: str
    """What it acts on; one job at a time for each."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking."""

    text: str
    state: State
    key: str
    request: int = 0

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Preview:
    """What an act would do and need, before it is asked for."""

    operation: str
    title: str
    effect: Effect
    environment: Environment
    target: str | None
    plan: tuple[str, ...]
    approvals: int
    second_factor: timedelta | None
    """A second factor no older than this is missing; None when nothing is."""
    scope: str
    """What the second factor would cover."""
    word: str
    """What has to be typed to confirm; empty when nothing has."""
    break_glass: bool
    """Whether it may be done without the approvals, if it cannot wait."""


class SecondFactorNeeded(Refused):
    """This act needs your second factor."""

    def __init__(self, preview: Preview, enrolled: bool) -> None:
        self.preview = preview
        self.enrolled = enrolled
        hint = (
            f"prove it is you, then ask again: lexops operator step-up --scope {preview.scope}"
            if enrolled
            else "you have none yet: lexops operator enrol, or register an SSH key: lexops operator add-key"
        )
        super().__init__(f"{preview.title}: a second factor is needed in {preview.environment}", hint=hint)


class ConfirmationNeeded(Refused):
    """This act has to be confirmed."""

    def __init__(self, preview: Preview) -> None:
        self.preview = preview
        where = f"in {preview.environment}"
        super().__init__(
            f"{preview.title} {where} has to be confirmed",
            hint=f"type the word, or pass it: --confirm {preview.word}",
        )
