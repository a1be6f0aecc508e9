"""A site like the one in the drawings, behind the console's port."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
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
    Burn,
    CheckDetail,
    CheckRow,
    DayOfHours,
    Flag,
    Fleet,
    ObjectiveView,
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
from lexops.incidents.model import Entry, EntryKind, Incident, Priority, State
from lexops.operations import Effect
from lexops.outbox.model import Message, MessageView
from lexops.outbox.model import State as MessageState
from lexops.sla.model import Clock, ClockKind, ClockState, Facts, Pause
from lexops.sla.report import Month
from lexops.sla.view import (
    Attainment,
    Breach,
    DayCell,
    Explanation,
    Forecast,
    Part,
    Responsibility,
    Segment,
    Ticket,
    Told,
)
from lexops.sla.view import Report as MonthReport
from lexops.targets.model import Kind
from lexops.trends.availability import Availability
from lexops.trends.availability import State as Service
from lexops.tui.duty import ArticleView, Dossier, Duty, Known, RotaView, Work
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
from tests.tui import duty as people

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
SINCE = FakeParameter("since", help="from when", required=False)
WHO = FakeParameter("operator", help="who; else you", required=False)
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
    FakeOperation(
        "freeze.start", "Freeze changes", "change", (FakeParameter("until", help="when it ends"), REASON)
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
    FakeOperation("incident.pause", "Wait for the client", "change", (INCIDENT, REASON, SINCE)),
    FakeOperation(
        "incident.resume",
        "Go on after waiting",
        "change",
        (INCIDENT, FakeParameter("note", help="what came", required=False), SINCE),
    ),
    FakeOperation(
        "incident.classify",
        "Classify an incident",
        "change",
        (INCIDENT, FakeParameter("priority", choices=("P1", "P2", "P3", "P4"), required=False)),
    ),
    FakeOperation(
        "incident.answer",
        "Note an answer to the client",
        "change",
        (INCIDENT, FakeParameter("text", help="what the client was told")),
    ),
    FakeOperation(
        "incident.asked",
        "Note a client's question",
        "change",
        (INCIDENT, FakeParameter("text", help="what the client wants to know")),
    ),
    FakeOperation("incident.reopen", "Re-open an incident", "change", (INCIDENT, REASON)),
    FakeOperation("incident.cancel", "Cancel an incident", "change", (INCIDENT, REASON)),
    FakeOperation("incident.escalate", "Tell the next people", "change", (INCIDENT, REASON)),
    FakeOperation(
        "incident.assign", "Give an incident to somebody", "change", (INCIDENT, FakeParameter("owner"))
    ),
    FakeOperation("incident.release", "Give an incident back", "change", (INCIDENT, REASON)),
    FakeOperation("incident.watch", "Watch an incident", "change", (INCIDENT, WHO)),
    FakeOperation("incident.unwatch", "Watch it no longer", "change", (INCIDENT, WHO)),
    FakeOperation("incident.link", "Link an incident", "change", (INCIDENT, FakeParameter("to"))),
    FakeOperation("incident.duplicate", "It is a duplicate", "change", (INCIDENT, FakeParameter("of"))),
    FakeOperation("incident.merge", "Join incidents", "change", (INCIDENT, FakeParameter("other"))),
    FakeOperation("incident.split", "Split an incident", "change", (INCIDENT, FakeParameter("title"))),
    FakeOperation("incident.group", "List under another", "change", (INCIDENT, FakeParameter("parent"))),
    FakeOperation("incident.mitigate", "It no longer hurts", "change", (INCIDENT, FakeParameter("note"))),
    FakeOperation("notice.update", "Tell an audience", "change", (INCIDENT, FakeParameter("audience"))),
    FakeOperation(
        "article.promote",
        "Make an article of it",
        "change",
        (INCIDENT, FakeParameter("name", required=False)),
    ),
    FakeOperation("article.review", "Still right", "change", (FakeParameter("name"), REASON)),
    FakeOperation(
        "oncall.override",
        "Somebody else for a while",
        "change",
        (FakeParameter("rota"), FakeParameter("person")),
    ),
    FakeOperation("outbox.retry", "Try again", "change", (FakeParameter("message", "int"),)),
    FakeOperation("outbox.drop", "Send it no more", "change", (FakeParameter("message", "int"), REASON)),
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
        priority=Priority.P1,
        client="acme",
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


def clock(
    kind: ClockKind = ClockKind.RESPONSE,
    left: int = 41,
    state: ClockState = ClockState.RUNNING,
    **more: object,
) -> Clock:
    """A clock of two hours with so many minutes left, of a calendar that never closes."""
    start = int(NOW.timestamp()) + 60 * left - 7200
    stopped = state in (ClockState.MET, ClockState.MISSED)
    given: dict[str, object] = {
        "facts": Facts("P1", "acme"),
        "round": 1,
        "start": start,
        "end": start + 5400 if stopped else int(NOW.timestamp()),
        "due": None if state is ClockState.PAUSED else start + 7200,
        "budget": 7200,
        "worked": 7200 - 60 * left,
        "paused": 0,
        "pauses": (),
        "warnings": (75, 90),
        "policy": "standard",
        "policy_revision": 2,
        "calendar": "always",
        "calendar_revision": 0,
        "contract": "4.2",
    }
    return Clock(kind=kind, state=state, **{**given, **more})  # type: ignore[arg-type]


def tickets() -> tuple[Ticket, ...]:
    """A response that is due soon, a resolution that has time, and one that waits."""
    quiet: dict[str, object] = {"budget": 5 * 86_400, "worked": 0}
    return (
        Ticket(
            INCIDENTS[0],
            (clock(), clock(ClockKind.RESOLUTION, 250, **quiet)),
            (Forecast(620, 44), None),
        ),
        Ticket(INCIDENTS[2], (clock(ClockKind.RESOLUTION, 2 * 1440 + 70, facts=Facts("P3"), **quiet),)),
        Ticket(
            INCIDENTS[1],
            (
                clock(ClockKind.RESPONSE, 30, ClockState.MET, facts=Facts("P3", "beta")),
                clock(
                    ClockKind.RESOLUTION,
                    95,
                    ClockState.PAUSED,
                    facts=Facts("P3", "beta"),
                    pauses=(Pause(int(NOW.timestamp()) - 600, None, "the client's bank"),),
                ),
            ),
        ),
    )


def explained(ticket: Ticket) -> Explanation:
    """Every clock in three stretches."""
    told = []
    for each in ticket.clocks:
        middle, last = each.start + 600, max(each.end, each.due or 0)
        parts = (
            Segment(each.start, middle, Part.COUNTED),
            Segment(middle, each.end, Part.PAUSED, "waiting: for the client's bank"),
            Segment(each.end, last, Part.CLOSED, "night"),
        )
        said = (f"Opened as {each.facts.priority}.", f"Promised: {each.kind} within 2 h (contract 4.2).")
        told.append(Told(each, tuple(part for part in parts if part.start < part.end), said))
    return Explanation(ticket, tuple(told))


def breach(incident: int = 33, **more: object) -> Breach:
    given: dict[str, object] = {
        "title": "Mail was late",
        "kind": ClockKind.RESOLUTION,
        "round": 1,
        "priority": "P2",
        "client": "acme",
        "provider": "",
        "due": int(ago(days=9).timestamp()),
        "end": int(ago(days=9).timestamp()) + 4500,
        "over": 4500,
        "paused": 600,
        "pauses": (),
        "is_open": False,
        "responsibility": Responsibility.VENDOR,
        "reason": "the disk came a day late",
    }
    return Breach(incident, **{**given, **more})  # type: ignore[arg-type]


def month_report(month: str, **more: object) -> MonthReport:
    """A month with one broken promise among many."""
    of = Month.parse(month)
    first = date(of.year, of.month, 1)
    days = tuple(DayCell("acme", first + timedelta(days=n), 4, int(n == 11)) for n in range(20))
    attained = tuple(
        Attainment(group, name, kind, 196, 4, 1500, 5400, 11_700, 95.0, 99.2, 98.6)
        for group, name in (("all", ""), ("client", "acme"))
        for kind in (ClockKind.RESPONSE, ClockKind.RESOLUTION)
    )
    given: dict[str, object] = {
        "cutoff": NOW,
        "client": "",
        "provider": "",
        "attainments": attained,
        "breaches": (
            breach(),
            breach(41, kind=ClockKind.RESPONSE, is_open=True, responsibility=None, reason=""),
        ),
        "saved": (),
        "still_open": 3,
        "cancelled": 2,
        "days": (*days, DayCell("beta", first, 0, 3)),
        "trend": tuple((str(of.plus(n - 11)), 190 + n, 11 - n) for n in range(12)),
        "definitions": (),
    }
    zone = ZONE.key
    start, end = of.start(ZONE), of.end(ZONE)
    return MonthReport("Demo & Partners", month, zone, start, end, **{**given, **more})  # type: ignore[arg-type]


def objective(name: str = "billing", down: float = 20.0, **more: object) -> ObjectiveView:
    """99.9 % over thirty days, with so many minutes down."""
    whole, lost = timedelta(days=30), timedelta(minutes=down)
    found = Availability(whole - lost, lost)
    hours = tuple(Availability(timedelta(hours=1)) for _ in range(24))
    burns = (
        Burn(timedelta(hours=1), timedelta(minutes=5), 1.2, 0.4, 14.4, False, Status.CRITICAL),
        Burn(timedelta(days=3), timedelta(hours=6), 1.6, 1.4, 1.0, True, Status.WARNING),
    )
    given: dict[str, object] = {
        "title": f"{name.capitalize()} is available",
        "client": "",
        "targets": ("billing-db", "portal"),
        "objective": 99.9,
        "window": whole,
        "at": NOW,
        "state": Service.UP,
        "found": found,
        "burns": burns,
        "hours": tuple(DayOfHours(ago(days=n).date(), hours) for n in reversed(range(30))),
    }
    return ObjectiveView(name, **{**given, **more})  # type: ignore[arg-type]


def objectives() -> tuple[ObjectiveView, ...]:
    """One that burns, one that is missed, one of which nothing is known."""
    nothing = Availability(unknown=timedelta(days=30))
    return (
        objective(),
        objective("portal", 60.0, burns=(), state=Service.DOWN),
        objective("trust", found=nothing, burns=(), hours=(), state=Service.UNKNOWN),
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
    clocks: tuple[Ticket, ...] = field(default_factory=lambda: tickets())
    unclear: Exception | None = None
    """Makes everything about clocks fail."""
    told: Mapping[int, Explanation] = field(default_factory=dict)
    report_of: Callable[[str], MonthReport] = field(default_factory=lambda: month_report)
    promised: tuple[ObjectiveView, ...] = field(default_factory=lambda: objectives())
    months: list[str] = field(default_factory=list)
    """Those that were asked for."""
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

    def tickets(self) -> Sequence[Ticket]:
        self._fail(self.unclear)
        return self.clocks

    def explanation(self, incident: int) -> Explanation:
        self._fail(self.unclear)
        if incident in self.told:
            return self.told[incident]
        for each in self.clocks:
            if each.incident.id == incident:
                return explained(each)
        return Explanation(Ticket(self.incident(incident)[0], ()), ())

    def month(self, month: str) -> MonthReport:
        self._fail(self.unclear)
        self.months.append(month)
        return self.report_of(month)

    def objectives(self) -> Sequence[ObjectiveView]:
        self._fail(self.unclear)
        return self.promised

    on_duty: Duty = field(default_factory=lambda: people.duty())
    dossiers: Mapping[int, Dossier] = field(default_factory=dict)
    """Of incidents; others have the one of the drawing."""
    unknown: Exception | None = None
    """Makes everything about what belongs to an incident fail."""
    helps: Known = field(default_factory=lambda: people.known())
    written: ArticleView = field(default_factory=lambda: people.article())
    manned: Sequence[RotaView] = field(default_factory=lambda: people.rotas())
    own: Work = field(default_factory=lambda: people.work())
    sent: tuple[Message, ...] = people.MESSAGES
    spans_asked: list[tuple[datetime, datetime]] = field(default_factory=list)

    def duty(self) -> Duty:
        self._fail()
        return self.on_duty

    def dossier(self, incident: int) -> Dossier:
        self._fail(self.unknown)
        listed = tuple(each for each in self.open if each.parent == incident)
        return self.dossiers.get(incident) or people.dossier(listed)

    def known(self, target: str, check: str) -> Known:
        self._fail(self.unknown)
        return self.helps

    def article(self, name: str) -> ArticleView:
        self._fail(self.unknown)
        if name != self.written.article.name:
            raise NotFound(f"there is no article {name}", hint="see: lexops article list")
        return self.written

    def rotas(self, since: datetime, until: datetime) -> Sequence[RotaView]:
        self._fail(self.unknown)
        self.spans_asked.append((since, until))
        return self.manned

    def work(self) -> Work:
        self._fail(self.unknown)
        return self.own

    def messages(self, everything: bool) -> Sequence[Message]:
        self._fail(self.unknown)
        return [each for each in self.sent if everything or each.state is not MessageState.DELIVERED]

    def message(self, id: int) -> MessageView:
        self._fail(self.unknown)
        for each in self.sent:
            if each.id == id:
                return MessageView(each, people.ATTEMPTS)
        raise NotFound(f"there is no message {id}")

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

    def _fail(self, also: Exception | None = None) -> None:
        if error := self.error or also:
            raise error


REFUSED = Refused("resolving needs the role support", hint="Ask a holder of the role.")
