"""What can the checks not see, and which statement mends it?

Every check of a site is run once, now, with the site's own credentials, in the asking process: that works
before there is a worker, and neither states nor incidents follow from it. Heavy checks are only asked for
their rights: a server refuses before it works, so whatever has not refused within `HEAVY` may be read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from lexops.checks.contract import Assignment, RunnableCheck
from lexops.checks.engine import Engine, Session
from lexops.checks.lanes import lanes
from lexops.checks.model import Area, Check, Note, Observation, Outcome, Status
from lexops.clock import Clock
from lexops.config import SiteFile
from lexops.errors import LexOpsError
from lexops.targets.database import Database
from lexops.targets.model import Kind

LONGEST = timedelta(seconds=5)
"""What a check is given here, or its own timeout where that is shorter."""
HEAVY = timedelta(seconds=1)
"""What a heavy check is given."""
NEARLY = 0.8
"""Heavy checks end by themselves before their time is over, to tell what they have found."""
WHO = "doctor.account"
"""The question for the account that we are logged in with."""
_PLACEHOLDER = "lexops_monitor"
"""The role's name in shipped grants."""
_WHO_SQL = {
    Kind.POSTGRESQL: "SELECT quote_ident(current_user) AS name",
    Kind.MARIADB: "SELECT CURRENT_USER() AS name",
}


@dataclass(frozen=True, slots=True)
class Mend:
    """A statement or setting, and the checks that see with it."""

    statement: str
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What can be seen of one target."""

    target: str
    kind: Kind
    account: str = ""
    """As whom we are logged in, as SQL writes it; empty where it is not known."""
    sees: int = 0
    mends: tuple[Mend, ...] = ()
    unexplained: tuple[tuple[str, str], ...] = ()
    """Checks that could not look for another reason, with it."""
    unreachable: str = ""
    """Why the target could not be reached at all."""
    hint: str = ""
    """What lets us reach it, where that is known."""

    @property
    def is_blind(self) -> bool:
        return bool(self.mends or self.unexplained or self.unreachable)


def diagnoses(assigned: Iterable[Assignment], outcomes: Iterable[Outcome]) -> list[Diagnosis]:
    """What the outcomes of a look tell, target by target in the order of the site's file. Pure."""
    found: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        found[outcome.target].append(outcome)
    kinds = {a.target: a.kind for a in assigned}
    return [_diagnosis(target, kind, found[target]) for target, kind in kinds.items() if target in found]


def _diagnosis(target: str, kind: Kind, outcomes: list[Outcome]) -> Diagnosis:
    account = next((o.verdict.summary for o in outcomes if o.check.id == WHO and _answered(o)), "")
    seen = [o for o in outcomes if o.check.id != WHO]
    for lost in (o.verdict for o in seen if o.verdict.unreachable and o.check.availability):
        return Diagnosis(target, kind, account, unreachable=lost.summary, hint=lost.hint)
    mends: dict[str, list[str]] = defaultdict(list)
    unexplained = []
    for outcome in seen:
        for statement in statements(outcome.verdict.grants, account, kind):
            mends[statement].append(outcome.check.id)
        if outcome.verdict.status is Status.UNKNOWN and not outcome.verdict.grants and not _ran_long(outcome):
            unexplained.append((outcome.check.id, outcome.verdict.summary))
    blind = {check for checks in mends.values() for check in checks} | {check for check, _ in unexplained}
    told = tuple(Mend(statement, tuple(sorted(set(checks)))) for statement, checks in mends.items())
    return Diagnosis(target, kind, account, len(seen) - len(blind), told, tuple(unexplained))


def _answered(outcome: Outcome) -> bool:
    return outcome.verdict.status is Status.OK


def _ran_long(outcome: Outcome) -> bool:
    """Whether a check was let in and then stopped by our short limit: it has its rights."""
    given = outcome.check.timeout
    return given in (HEAVY, LONGEST) and outcome.seconds >= NEARLY * given.total_seconds()


def statements(grants: Iterable[str], account: str, kind: Kind) -> Iterator[str]:
    """The single statements of grants, with the account that we are logged in with in its place."""
    for grant in grants:
        for statement in grant.split(";"):
            if statement.strip():
                yield _addressed(statement.strip(), account, kind)


def _addressed(statement: str, account: str, kind: Kind) -> str:
    """The statement for `account`, whichever of its names stands there."""
    if not account:
        return statement
    name = account.strip('"')
    if kind is Kind.MARIADB:
        name, _, host = account.rpartition("@")
        account = f"'{name}'@'{host}'"
    known = "|".join(re.escape(each) for each in {_PLACEHOLDER, "lexops", name})
    role = rf"""['"`]?(?:{known})['"`]?(?:@['"`]?[\w.%:-]+['"`]?)?(?![\w.])"""
    return re.sub(rf"\b(TO|ROLE|FOR|USER)\s+{role}", lambda match: f"{match[1]} {account}", statement)


def look(
    site: SiteFile,
    assigned: Iterable[Assignment],
    clock: Clock,
    told: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Run the checks once, over connections of their own; `told` hears of each outcome."""
    brief = [replace(a, runnable=_briefly(a.runnable)) for a in asked(assigned)]
    servers = {a.target: a for a in brief if a.kind in _WHO_SQL}
    brief += [replace(a, runnable=_who(a.kind)) for a in servers.values()]
    built = lanes(site, brief, _no_history)
    engine = Engine(built, clock, site.settings.worker.concurrency)
    outcomes: list[Outcome] = []
    waiting = dict(engine.lanes)
    try:
        while waiting or not engine.idle:
            for name, lane in list(waiting.items()):
                if engine.start(lane, [(check, clock.now()) for check in lane.checks]):
                    del waiting[name]
            for outcome in engine.poll(0.1):
                outcomes.append(outcome)
                told(outcome)
    finally:
        engine.close()
    return outcomes


def asked(assigned: Iterable[Assignment]) -> list[Assignment]:
    """Those that look at a target themselves: not at LexOps' own history, not through programs of others."""
    return [
        a for a in assigned if not a.runnable.of_history and not a.runnable.check.id.startswith("plugin.")
    ]


def _briefly(runnable: RunnableCheck) -> RunnableCheck:
    """All of a target run over one connection: the role has five, and a worker may hold two."""
    check = runnable.check
    brief = min(check.timeout, HEAVY if check.heavy else LONGEST)
    return runnable.overridden(timeout=brief, heavy=False)


def _who(kind: Kind) -> RunnableCheck:
    def collect(db: Database) -> list[Observation]:
        return [Note("", str(db.scalar(_WHO_SQL[kind])))]

    return RunnableCheck(Check(WHO, "Account", Area.HEALTH, frozenset({kind})), collect)


def _no_history(_target: str) -> Session:  # pragma: no cover - lanes of history are left out above
    raise LexOpsError("a doctor does not look at history")
