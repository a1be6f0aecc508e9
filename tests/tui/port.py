"""A site like the one in the drawings, behind the console's port."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from lexops.activity.model import Activity, Session
from lexops.audit.log import State as RecordState
from lexops.audit.model import Checkpoint, Plain, WitnessState
from lexops.audit.scan import Progress
from lexops.audit.verdict import Level, Report
from lexops.checks.model import Area, Check, Finding, Judged, Note, Status
from lexops.checks.thresholds import levels
from lexops.checks.triage import Change, Past, Triage
from lexops.checks.view import (
    CheckDetail,
    CheckRow,
    Flag,
    Fleet,
    Point,
    QuietSpan,
    ResultRow,
    Series,
    TargetRow,
    WorkerRow,
)
from lexops.errors import NotFound, Refused
from lexops.gate.model import Preview, RequestView, SecondFactorNeeded, StepView
from lexops.gate.model import State as RequestState
from lexops.incidents.model import Entry, EntryKind, Incident, State
from lexops.operations import Effect
from lexops.targets.model import Kind
from lexops.tui.views import (
    Covered,
    EntryView,
    HeadsView,
    Intent,
    LogRow,
    Means,
    SessionView,
    SigningTask,
)

NOW = datetime(2026, 11, 21, 14, 2, 9, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Vienna")


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


@dataclass
class FixedClock:
    """Stands still until it is moved."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


@dataclass(frozen=True)
class FakeParameter:
    name: str
    type: object = "str"
    help: str = ""
    required: bool = True
    choices: tuple[str, ...] = ()
    privacy: str = "open"


@dataclass(frozen=True)
class FakeOperation:
    name: str
    title: str
    effect: str
    parameters: tuple[FakeParameter, ...]
    critical: bool = False
    reaches_target: bool = False


TARGET = FakeParameter("target", help="name of the target")
CHECK = FakeParameter("check", help="id of the check")
INCIDENT = FakeParameter("incident", "int", "number of the incident")
REASON = FakeParameter("reason", help="why, for those who come after you")

OPERATIONS = (
    FakeOperation("check.run", "Run now", "looks at the target", (TARGET, CHECK)),
    FakeOperation(
        "check.acknowledge", "Acknowledge", "nobody is called until it recovers", (TARGET, CHECK, REASON)
    ),
    FakeOperation(
        "check.downtime",
        "Announce downtime",
        "nobody is called for this target until it is over",
        (TARGET, FakeParameter("minutes", int, "how long, in minutes"), REASON),
    ),
    FakeOperation("incident.acknowledge", "Acknowledge incident", "you own it", (INCIDENT,)),
    FakeOperation(
        "incident.note",
        "Write a note",
        "adds to the timeline",
        (INCIDENT, FakeParameter("text", help="note")),
    ),
    FakeOperation(
        "incident.resolve",
        "Resolve incident",
        "closes it",
        (INCIDENT, FakeParameter("note", help="what solved it")),
    ),
    FakeOperation(
        "incident.open",
        "Open incident",
        "a new incident in your name",
        (
            FakeParameter("title", help="what is wrong, in a few words"),
            FakeParameter("severity", choices=("WARNING", "CRITICAL")),
            FakeParameter("target", help="name of the target", required=False),
        ),
    ),
)


def row(
    target: str, check: str, status: Status | None = Status.OK, summary: str = "", **more: object
) -> CheckRow:
    given: dict[str, object] = {
        "kind": Kind.POSTGRESQL,
        "environment": "production",
        "title": check.split(".")[-1].replace("_", " ").capitalize(),
        "area": Area.HEALTH,
        "since": ago(days=6),
        "checked": ago(seconds=20),
        "due": NOW + timedelta(seconds=40),
    }
    return CheckRow(target=target, check=check, status=status, summary=summary, **{**given, **more})  # type: ignore[arg-type]


def fleet() -> Fleet:
    rows = [
        row(
            "billing-db",
            "postgresql.replication_lag",
            Status.CRITICAL,
            "standby web-2 replays 14 min 10 s behind",
            since=ago(minutes=12),
            incident=41,
        ),
        row(
            "billing-db",
            "billing.INV-01",
            Status.WARNING,
            "2 invoices differ by cents",
            title="Invoice totals",
            area=Area.BILLING,
            since=ago(hours=3),
            incident=39,
            flags=frozenset({Flag.ACKNOWLEDGED}),
        ),
        row(
            "portal",
            "endpoint.certificate",
            Status.WARNING,
            "expires in 9 d",
            title="Certificate",
            kind=Kind.ENDPOINT,
            since=ago(days=1),
        ),
        row(
            "web-2",
            "host.ssh",
            Status.UNKNOWN,
            "cannot log in: timeout",
            title="SSH",
            kind=Kind.HOST,
            area=Area.HOST,
            since=ago(minutes=4),
        ),
    ]
    rows += [
        row(
            "web-2",
            f"host.{name}",
            Status.UNKNOWN,
            "web-2 was out of reach",
            kind=Kind.HOST,
            area=Area.HOST,
            flags=frozenset({Flag.UNREACHABLE}),
            since=ago(minutes=4),
        )
        for name in ("disk", "memory", "load")
    ]
    rows += [row("billing-db", f"postgresql.check_{n:02d}", summary=f"{n} of 100 in use") for n in range(39)]
    rows += [row("trust-db", f"postgresql.check_{n:02d}", summary="as it should be") for n in range(27)]
    rows += [
        row("portal", f"endpoint.check_{n}", kind=Kind.ENDPOINT, summary="200 in 0.12 s") for n in range(9)
    ]
    rows += [row("web-1", f"host.check_{n:02d}", kind=Kind.HOST, summary="calm") for n in range(22)]
    rows += [row("trust-db", "postgresql.replication_lag", Status.NOT_APPLICABLE, "has no standby")]
    rows += [row("portal", "endpoint.latency", None, since=None, checked=None)]
    rows[20] = replace(rows[20], flags=frozenset({Flag.STALE}), checked=ago(hours=2))
    ok, warning, critical, unknown = Status.OK, Status.WARNING, Status.CRITICAL, Status.UNKNOWN
    ribbons = {
        "billing-db": [ok] * 14 + [warning] * 2 + [ok] * 5 + [warning, warning, critical],
        "trust-db": [ok] * 24,
        "portal": [ok] * 16 + [warning] * 8,
        "web-1": [None] * 3 + [ok] * 7 + [warning] + [ok] * 13,
        "web-2": [ok] * 23 + [unknown],
    }
    kinds = {"portal": Kind.ENDPOINT, "web-1": Kind.HOST, "web-2": Kind.HOST}
    targets = []
    for name, ribbon in ribbons.items():
        statuses = Counter(each.status for each in rows if each.target == name and each.status)
        worst = max(statuses, key=lambda status: status.rank)
        targets.append(
            TargetRow(
                name, kinds.get(name, Kind.POSTGRESQL), "production", worst, statuses, tuple(ribbon), NOW
            )
        )
    return Fleet(
        at=NOW,
        checks=tuple(rows),
        targets=tuple(targets),
        worker=WorkerRow("worker-1", 4711, ago(days=2), ago(seconds=2)),
    )


INCIDENTS = (
    Incident(
        41,
        "billing-db/postgresql.replication_lag",
        "Replication lag on billing-db",
        Status.CRITICAL,
        State.OPEN,
        "billing-db",
        "postgresql.replication_lag",
        ago(minutes=12),
        ago(minutes=3),
    ),
    Incident(
        39,
        "billing-db/billing.INV-01",
        "Invoices differ from their lines",
        Status.WARNING,
        State.ACKNOWLEDGED,
        "billing-db",
        "billing.INV-01",
        ago(hours=3),
        ago(hours=2),
        owner="ana",
    ),
    Incident(
        38,
        "by hand",
        "Portal certificate is to be renewed",
        Status.WARNING,
        State.OPEN,
        "portal",
        None,
        ago(days=1),
        ago(days=1),
    ),
)
RESOLVED = Incident(
    17,
    "web-2/host.disk",
    "Standby disk full",
    Status.CRITICAL,
    State.RESOLVED,
    "web-2",
    "host.disk",
    ago(days=240),
    ago(days=240),
    owner="ben",
    resolved=ago(days=240),
)
TIMELINE = (
    Entry(ago(minutes=12), EntryKind.OPENED, "lexops", "standby web-2 replays 9 min behind"),
    Entry(
        ago(minutes=9),
        EntryKind.NOTE,
        "ana",
        "Slot web2 has been inactive since 13:49. Looking at the standby.",
    ),
    Entry(ago(minutes=3), EntryKind.SEVERITY, "lexops", "WARNING → CRITICAL"),
)


def lag() -> Series:
    points = []
    for minute in range(120):
        value = 4 + 2 * math.sin(minute / 5)
        if minute > 107:
            value = (minute - 107) * 70.0
        at = ago(minutes=119 - minute)
        points.append(Point(at, value * 0.8, value * 0.95, value))
    return Series("replay lag", "web-2", "s", None, tuple(points))


def detail(of: CheckRow) -> CheckDetail:
    definition = Check(
        of.check,
        of.title,
        of.area,
        frozenset({of.kind}),
        why="It opens tickets and phone calls about balances that are right.",
        meaning="Portal reads come from the standby: clients see old balances while it is behind. "
        "WAL that is held for a slot fills the disk of the primary.",
        mend="Look at the standby's log and disk first; drop the slot only when the standby is given up.",
        every=timedelta(minutes=1),
        levels=levels("60", "300"),
        source="site, lexops.toml",
        runbook="free-standby-disk",
    )
    findings = tuple(
        Finding(
            f"invoice:{n}",
            f"invoice {n} differs by 0.0{n % 9 + 1}",
            detail={"total": n * 10, "client": "ACME"},
        )
        for n in range(320)
    )
    history = tuple(
        ResultRow(ago(minutes=n), of.status or Status.OK, f"{14 - n} min behind", 0.04) for n in range(12)
    ) + tuple(ResultRow(ago(minutes=n), Status.OK, "4 s behind", 0.04) for n in range(12, 60))
    return CheckDetail(
        row=of,
        definition=definition,
        judged=(Judged(Status.CRITICAL, "replay lag 850 s, crit 300", "web-2"),),
        findings=findings if of.area is Area.BILLING else (),
        notes=(Note("slot", "web2 inactive since 13:49; 4.2 GB of WAL held"),),
        hint="Start with the standby's disk.",
        history=history,
        series=(lag(), replace(lag(), metric="held WAL", item="", unit="B")),
        related=(row("web-2", "host.ssh", Status.UNKNOWN, "cannot log in: timeout", since=ago(minutes=4)),),
    )


def preview(**more: object) -> Preview:
    """What restoring the billing database would do."""
    known: dict[str, object] = {
        "operation": "backup.restore",
        "title": "Restore a backup",
        "effect": Effect.DESTROY,
        "environment": "production",
        "target": "billing-db",
        "plan": ("loses 7 h 58 min of entries", "keeps the present database as billing_before_12"),
        "approvals": 1,
        "second_factor": timedelta(minutes=5),
        "scope": "destroy:production",
        "word": "billing-db",
        "break_glass": True,
    }
    return Preview(**{**known, **more})  # type: ignore[arg-type]


RESTORE = FakeOperation("backup.restore", "Restore a backup", "destroy", (TARGET,), critical=True)


def request(id: int = 12, state: RequestState = RequestState.WAITING, **more: object) -> RequestView:
    """Bo wants the billing database restored."""
    known: dict[str, object] = {
        "id": id,
        "key": f"key-{id}",
        "operation": "backup.restore",
        "title": "Restore a backup",
        "effect": Effect.DESTROY,
        "arguments": {"target": "billing-db", "backup": "pg-2026-11-21-0600"},
        "plan": ("loses 7 h 58 min of entries", "keeps the present database as billing_before_12"),
        "operator": "bo",
        "operator_id": "o-bo",
        "door": "console",
        "environment": "production",
        "target": "billing-db",
        "hash": "0123456789abcdef" * 4,
        "at": ago(minutes=6),
        "changed": ago(minutes=6),
        "state": state,
        "answer": "",
        "approvals_needed": 1,
        "approvals": (),
        "expires": NOW + timedelta(hours=7, minutes=54),
        "break_glass": "",
        "review_due": None,
        "reviewed_by": None,
        "steps": (
            StepView(0, "fetch", "open", None, None, None, ""),
            StepView(1, "swap", "open", None, None, None, ""),
        ),
    }
    return RequestView(**{**known, **more})  # type: ignore[arg-type]


def checkpoint() -> Checkpoint:
    return Checkpoint("lexops/0123456789ab", 18_205, b"r" * 32, 3, ago(seconds=50), "note", 9)


def sealed() -> RecordState:
    witness = WitnessState("notary", 9, 18_205, ago(seconds=40), ago(seconds=40), "")
    return RecordState(18_206, 1, checkpoint(), timedelta(seconds=50), (witness,))


def log_rows(count: int) -> list[LogRow]:
    """The newest first; the very newest is not sealed yet."""
    return [
        LogRow(
            f"entry-{n}",
            18_205 - n if n else None,
            ago(minutes=n),
            "bo" if n % 3 else "ana",
            "done" if n % 2 else "begun",
            "backup.restore" if n % 5 else "check.run",
            12,
            "billing-db",
            "production",
        )
        for n in range(count)
    ]


def intact() -> Report:
    return Report(Level.FULL, "lexops/0123456789ab", 18_205, 18_205, 1, ago(seconds=50))


def sessions() -> tuple[Session, ...]:
    """Somebody went home with an open transaction, and five others wait."""
    root = Session(
        4711,
        "2026-11-21T13:49:10.000001Z",
        "billing",
        "billing portal",
        "10.0.0.7",
        "billing",
        "idle in transaction",
        779.0,
        "Client ClientRead",
        statement="UPDATE invoice SET status = ? WHERE id = ?",
        statement_started="2026-11-21T13:49:10.2Z",
    )
    waiting = tuple(
        Session(
            4720 + n,
            "2026-11-21T13:50:00.000001Z",
            "billing",
            "time entry",
            f"10.0.0.{n}",
            "billing",
            "active",
            700.0 - n,
            "Lock transactionid",
            700.0 - n,
            "ShareLock on invoice",
            (4711,) if n < 3 else (4720,),
            "UPDATE invoice SET total = ? WHERE id = ?",
            f"2026-11-21T13:50:0{n}Z",
        )
        for n in range(5)
    )
    own = Session(
        99,
        "x",
        "lexops_monitor",
        "lexops",
        "local",
        "billing",
        "idle",
        2.0,
        keep="a session of LexOps itself",
    )
    return (root, *waiting, own)


@dataclass
class FakeWatching:
    """Looks at sessions that the test has put there; remembers what became of its connection."""

    now: Activity
    error: Exception | None = None
    looks: int = 0
    rests: int = 0
    closed: bool = False

    def look(self) -> Activity:
        self.looks += 1
        if self.error:
            raise self.error
        return self.now

    def rest(self) -> None:
        self.rests += 1

    def close(self) -> None:
        self.closed = True


@dataclass
class FakePort:
    """Keeps what was asked; `error` makes every call fail, `refuse` every request."""

    site_name: str = "Demo & Partners"
    zone: ZoneInfo = ZONE
    operator: str = "ana, support"
    now: Fleet = field(default_factory=fleet)
    open: tuple[Incident, ...] = INCIDENTS
    resolved: tuple[Incident, ...] = (RESOLVED,)
    timeline: tuple[Entry, ...] = TIMELINE
    offered: tuple[FakeOperation, ...] = OPERATIONS
    event: int = 1
    error: Exception | None = None
    refuse: Exception | None = None
    reads: int = 0
    pages: int = 0
    asked: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    details: Mapping[tuple[str, str], CheckDetail] = field(default_factory=dict)
    intents: list[Intent] = field(default_factory=list)
    shown: Preview = field(default_factory=lambda: preview())
    who: SessionView = field(default_factory=lambda: SessionView("ana", "o-ana", "support"))
    can: Means = field(default_factory=lambda: Means(True, 1, False, 5, 5))
    code: str = ""
    """When set, what is asked for needs it first."""
    proven: bool = False
    waiting: tuple[RequestView, ...] = ()
    ended: tuple[RequestView, ...] = ()
    refusals: Mapping[str, str] = field(default_factory=dict)
    sealed: RecordState = field(default_factory=lambda: sealed())
    entries: list[LogRow] = field(default_factory=lambda: log_rows(40))
    entry_data: Mapping[str, Plain] = field(default_factory=lambda: {"operation": "backup.restore"})
    entry_personal: Mapping[str, str] = field(default_factory=lambda: {"operator": "bo"})
    report: Report = field(default_factory=lambda: intact())
    head: HeadsView = field(default_factory=HeadsView)

    def fleet(self) -> Fleet:
        self._fail()
        self.reads += 1
        return self.now

    def check(self, target: str, check: str) -> CheckDetail:
        self._fail()
        if (target, check) in self.details:
            return self.details[target, check]
        for each in self.now.checks:
            if (each.target, each.check) == (target, check):
                return detail(each)
        raise NotFound(f"there is no check {check} on {target}")

    hosts: Mapping[str, str] = field(default_factory=lambda: {"billing-db": "web-1", "portal": "web-1"})
    spans: tuple[QuietSpan, ...] = ()
    watching: FakeWatching = field(
        default_factory=lambda: FakeWatching(Activity("billing-db", Kind.POSTGRESQL, NOW, sessions()))
    )
    changed: tuple[Change, ...] = ()
    past: tuple[Past, ...] = ()

    def watch(self, target: str) -> FakeWatching:
        return self.watching

    def triage(self, target: str, check: str) -> Triage:
        found = self.check(target, check)
        cause = found.related[0] if found.related and found.row.status is Status.CRITICAL else None
        why = "probably: its host is down" if cause else ""
        return Triage(found, cause, why, found.related[1:], 3, self.changed, self.past)

    def quiet(self) -> Sequence[QuietSpan]:
        self._fail()
        return self.spans

    def incidents(self, include_resolved: bool) -> Sequence[Incident]:
        self._fail()
        return self.open + self.resolved if include_resolved else self.open

    def incident(self, id: int) -> tuple[Incident, Sequence[Entry], CheckRow | None]:
        self._fail()
        for each in self.open + self.resolved:
            if each.id == id:
                about = [
                    one for one in self.now.checks if (one.target, one.check) == (each.target, each.check)
                ]
                return each, self.timeline, about[0] if about else None
        raise NotFound(f"there is no incident #{id}", hint="List them with: lexops incident list --all")

    def newest_event(self) -> int:
        self._fail()
        return self.event

    def operations(self) -> Sequence[FakeOperation]:
        return self.offered

    def submit(self, intent: Intent) -> str:
        self._fail()
        self.intents.append(intent)
        if self.refuse:
            raise self.refuse
        if self.code and not self.proven:
            raise SecondFactorNeeded(self.shown, enrolled=True)
        self.asked.append((intent.operation, dict(intent.arguments)))
        return f"{intent.operation} requested"

    def preview(self, intent: Intent) -> Preview:
        self._fail()
        if self.refuse:
            raise self.refuse
        return self.shown

    def session(self) -> SessionView:
        return self.who

    def means(self, scope: str) -> Means:
        return self.can

    def prove_by_code(self, scope: str, code: str) -> str:
        if code != self.code:
            raise Refused("the code is wrong", hint="type the code shown now")
        self.proven = True
        return f"second factor accepted: {scope} for 5 min"

    def signing_task(self, scope: str) -> SigningTask:
        text = f"LexOps step-up\nscope: {scope}\n"
        return SigningTask(text, f"ssh-keygen -Y sign <<'END'\n{text}END", NOW + timedelta(minutes=2))

    def prove_by_signature(self, scope: str, armoured: str) -> str:
        if "SIGNATURE" not in armoured:
            raise Refused("this is no SSH signature", hint="paste all of it")
        return self.prove_by_code(scope, self.code)

    def prove_by_agent(self, scope: str) -> str:
        return self.prove_by_code(scope, self.code)

    def requests(self, everything: bool) -> Sequence[RequestView]:
        self._fail()
        return (*self.ended, *self.waiting) if everything else self.waiting

    def request(self, number: int) -> RequestView:
        self._fail()
        for each in (*self.waiting, *self.ended):
            if each.id == number:
                return each
        raise NotFound(f"there is no request #{number}")

    def denied(self) -> Mapping[str, str]:
        return self.refusals

    def record(self) -> RecordState:
        self._fail()
        return self.sealed

    def log(self, *, before: str | None = None, limit: int = 500) -> Sequence[LogRow]:
        self._fail()
        self.pages += 1
        start = 0 if before is None else next(n for n, e in enumerate(self.entries, 1) if e.id == before)
        return self.entries[start : start + limit]

    def entry(self, id: str) -> EntryView:
        self._fail()
        row = next((each for each in self.entries if each.id == id), None)
        if row is None:
            raise NotFound(f"the record has no entry {id}")
        head = None if row.index is None else checkpoint()
        seen = () if row.index is None else (Covered("notary", ago(seconds=40)),)
        return EntryView(row, "host/1", 7, self.entry_data, self.entry_personal, "ab" * 32, head, seen)

    def verify(self, progress: Progress) -> Report:
        self._fail()
        for done in range(0, 101, 25):
            progress(done, 100)
        return self.report

    def prove(self, id: str) -> str:
        self._fail()
        return f"proof written: /srv/proofs/{id}.json"

    def heads(self) -> HeadsView:
        return self.head

    def change(self, **fields: object) -> None:
        """The fleet is now another, and an event says so."""
        self.now = replace(self.now, **fields)  # type: ignore[arg-type]
        self.event += 1

    def _fail(self) -> None:
        if self.error:
            raise self.error


REFUSED = Refused("resolving needs the role support", hint="Ask a holder of the role.")
