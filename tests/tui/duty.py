"""Who is told, who is on call and what is known at the site behind the fake port."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lexops.communication.model import Due, Notice, NoticeKind, Promise
from lexops.escalation.model import State as CourseState
from lexops.incidents.model import Attachment, Incident, Link, LinkKind, Relation, SavedView
from lexops.knowledge.model import Article, Found, FoundKind
from lexops.oncall.model import Shift
from lexops.outbox.model import Attempt, Message, Recipient, State, Urgency
from lexops.tui.duty import (
    ArticleView,
    Course,
    Dossier,
    Duty,
    Known,
    Ladder,
    OwnShift,
    RotaView,
    Rung,
    Work,
)

NOW = datetime(2026, 11, 21, 14, 2, 9, tzinfo=UTC)


def at(**span: float) -> datetime:
    """So much later than now."""
    return NOW + timedelta(**span)


def promise(**more: object) -> Promise:
    """An update of #39 that the partners should have had two minutes ago."""
    given: dict[str, object] = {
        "incident": 39,
        "promised": at(minutes=-2),
    }
    notice = Notice(
        7,
        NoticeKind.UPDATE,
        "partners",
        "Invoices differ",
        "We are looking into it.",
        at(hours=-1),
        "ana",
        **{**given, **more},  # type: ignore[arg-type]
    )
    assert notice.promised
    return Promise(notice, notice.promised, Due.OVERDUE if notice.promised < NOW else Due.LATER)


def duty(**more: object) -> Duty:
    """The next one to be told of #41 is ana; nobody is told of #38."""
    given: dict[str, object] = {
        "courses": {41: Course(CourseState.RUNNING, "ana", at(minutes=3))},
        "watched": frozenset({38}),
        "watchers": {38: frozenset({"ana", "bo"}), 41: frozenset({"bo"})},
        "views": (SavedView("certificates", "ana", "certificate"),),
        "runbooks": {"postgresql.replication_lag": "free-standby-disk"},
    }
    return Duty(**{**given, **more})  # type: ignore[arg-type]


def ladder() -> Ladder:
    return Ladder(
        "Policy databases, level 2 next: nobody has taken it.",
        (
            Rung(at(minutes=-10), "bo (dba on call)", True, "level 1", "mail delivered"),
            Rung(at(minutes=-5), "channel ops", True, "", "failed: connection refused", failed=True),
            Rung(at(minutes=3), "ana (dba second)", False, "level 2"),
            Rung(at(minutes=18), "role manager", False, "level 3", "would be dora and eli"),
        ),
    )


def known() -> Known:
    return Known(
        (
            Found(
                FoundKind.INCIDENT,
                "17",
                "Standby disk full",
                9.1,
                "freed the disk, slot web2 dropped",
                at(days=-240),
            ),
            Found(FoundKind.INCIDENT, "21", "Replay stands still", 4.0, "", at(days=-90)),
        ),
        (
            Found(
                FoundKind.ARTICLE, "standby-lag", "When the standby lags", 7.0, "", at(days=-400), stale=True
            ),
        ),
        ("free-standby-disk",),
    )


def dossier(children: tuple[Incident, ...] = (), **more: object) -> Dossier:
    given: dict[str, object] = {
        "ladder": ladder(),
        "children": children,
        "links": (
            Link(41, LinkKind.INCIDENT, "17", Relation.RECURRENCE, at(minutes=-12), "lexops"),
            Link(41, LinkKind.CHECK, "web-2/host.ssh", Relation.CAUSE, at(minutes=-8), "ana"),
            Link(41, LinkKind.URL, "https://vendor.example/case/9", Relation.RELATED, at(minutes=-8), "ana"),
        ),
        "attachments": (Attachment(3, 41, "slots.txt", "text/plain", 812, "ab" * 32, at(minutes=-7), "ana"),),
        "watchers": ("bo", "dora"),
        "known": known(),
        "runbook": "free-standby-disk",
    }
    return Dossier(**{**given, **more})  # type: ignore[arg-type]


def article() -> ArticleView:
    text = (
        "# What it is\n\nThe standby replays too slowly.\n\n# What to do\n\nLook at the disk of the standby."
    )
    found = Article(
        "standby-lag",
        "When the standby lags",
        text,
        ("postgresql.replication_lag",),
        runbooks=("free-standby-disk",),
    )
    return ArticleView(found, at(days=-400), "bo", True, "not reviewed for 13 months")


def rotas() -> tuple[RotaView, ...]:
    """`dba` changes every Monday morning, `portal` has nobody from tomorrow evening for a day."""
    week = [Shift(at(days=7 * n - 5), at(days=7 * n + 2), ("ana", "bo")[n % 2], "week") for n in range(3)]
    gap = (
        Shift(at(days=-1), at(days=1), "dora", "day"),
        Shift(at(days=1), at(days=2), "", ""),
        Shift(at(days=2), at(days=14), "eli", "override"),
    )
    able = frozenset({"ana", "bo", "dora", "eli"})
    return (
        RotaView("dba", "Europe/Vienna", week[0], tuple(week), week[1], "Databases", able),
        RotaView("portal", "Europe/London", gap[0], gap, gap[2], "", able),
        RotaView(
            "vendor",
            "Asia/Kolkata",
            Shift(at(days=-1), at(days=20), "", ""),
            (Shift(at(), at(days=14), "", ""),),
        ),
    )


def work() -> Work:
    return Work((OwnShift("dba", rotas()[0].now),), (promise(),))


def message(id: int = 5, state: State = State.FAILED, **more: object) -> Message:
    given: dict[str, object] = {
        "subject": "incident/41",
        "recipient": Recipient.parse("operator:bo"),
        "template": "page",
        "values": {"incident": "41", "priority": "P1", "title": "Replication lag"},
        "urgency": Urgency.PAGE,
        "created": at(minutes=-10),
        "due": at(minutes=-10),
        "priority": "P1",
        "attempts": 3,
        "error": "connection refused" if state is State.FAILED else "",
        "ended": at(minutes=-5) if state.is_over else None,
    }
    return Message(key=f"k{id}", id=id, state=state, **{**given, **more})  # type: ignore[arg-type]


MESSAGES = (
    message(),
    message(
        6,
        State.WAITING,
        recipient=Recipient.parse("audience:partners"),
        template="update",
        urgency=Urgency.NOTICE,
    ),
    message(7, State.DELIVERED, proof="250 queued"),
)
ATTEMPTS = (
    Attempt(5, at(minutes=-10), "mail", "b•••@firm.example", False, "451 greylisted"),
    Attempt(5, at(minutes=-9), "pager", "", False, "connection refused"),
)
