"""Puts a site's parts together, in one visible list. Read this first.

What we operate is observed by checks; results become incidents; people answer with operations; every
operation passes the gate. The doors (`cli`, `tui`, `worker`) are given a `Site` and do nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import MetaData

    from lexops.audit.witness import Witness
    from lexops.auth.identity import Session
    from lexops.auth.sshcert import Presented
    from lexops.cli.program import Program, Serving
    from lexops.clock import Clock
    from lexops.config import SiteFile
    from lexops.gate import Gate
    from lexops.operations import Operation
    from lexops.site import Site
    from lexops.store.database import Store
    from lexops.worker.periodic import Chore


def open_site(path: Path | None = None, clock: Clock | None = None, session: Session | None = None) -> Site:
    """The site of a file (or of the one found), with its store opened and brought up to date.

    Without a session it is that of the local account; on a new site that account becomes the administrator.
    Raises ConfigError or StoreError.
    """
    from lexops import config, crash
    from lexops.auth.identity import account, local_session
    from lexops.clock import SystemClock
    from lexops.gate.founding import found
    from lexops.site import Site
    from lexops.store.database import Store, open_engine
    from lexops.store.migrate import bring_up_to_date

    file = config.load(config.find(path))
    reports, settings = file.settings.crash_reports, file.settings.store
    crash.configure(reports.dsn.read if reports else None, reports.server if reports else "")
    password = settings.password.read() if settings.password else None
    store = Store(open_engine(settings.url, file.folder, password))
    bring_up_to_date(store)
    clock = clock or SystemClock()
    gate = open_gate(file, store, clock)
    found(gate, account())
    return Site(file, clock, store, gate, session or local_session())


def open_gate(file: SiteFile, store: Store, clock: Clock) -> Gate:
    """The gate of a site, with everything that can be done there."""
    from lexops.audit.keys import SealingKeys
    from lexops.audit.sealing import Sealer
    from lexops.audit.trail import Trail
    from lexops.gate import Gate
    from lexops.incidents.store import alarm
    from lexops.operations import Catalogue
    from lexops.privacy.keyring import Keyring

    folder = file.resolve(file.settings.record.keys)
    keyring = Keyring(folder)
    trail = Trail(keyring, me())
    sealer = Sealer(store, SealingKeys(folder), clock)
    return Gate(Catalogue(operations()), store, clock, file, keyring, trail, sealer, alarm)


def me() -> str:
    """A name for this process that no other has."""
    import os
    import socket
    from uuid import uuid4

    return f"{socket.gethostname()}/{os.getpid()}/{uuid4().hex[:8]}"


def operations() -> list[Operation]:
    """Everything that can be done on a site."""
    from lexops.activity.operations import OPERATIONS as ACTIVITY
    from lexops.auth.operations import OPERATIONS as PEOPLE
    from lexops.billing.operations import OPERATIONS as BILLING
    from lexops.calendars.operations import OPERATIONS as CALENDARS
    from lexops.checks.operations import OPERATIONS as CHECKS
    from lexops.communication.operations import OPERATIONS as COMMUNICATION
    from lexops.escalation.operations import OPERATIONS as ESCALATION
    from lexops.gate.erasure import OPERATIONS as ERASURE
    from lexops.gate.freezes import OPERATIONS as FREEZES
    from lexops.gate.operations import OPERATIONS as REQUESTS
    from lexops.gate.restart import OPERATIONS as RESTART
    from lexops.incidents.operations import OPERATIONS as INCIDENTS
    from lexops.knowledge.operations import OPERATIONS as KNOWLEDGE
    from lexops.oncall.operations import OPERATIONS as ON_CALL
    from lexops.outbox.operations import OPERATIONS as OUTBOX
    from lexops.sla.operations import OPERATIONS as PROMISES
    from lexops.trackers.operations import OPERATIONS as TRACKERS

    return [
        *ACTIVITY,
        *BILLING,
        *CALENDARS,
        *CHECKS,
        *PROMISES,
        *COMMUNICATION,
        *ERASURE,
        *ESCALATION,
        *FREEZES,
        *INCIDENTS,
        *KNOWLEDGE,
        *ON_CALL,
        *OUTBOX,
        *PEOPLE,
        *REQUESTS,
        *RESTART,
        *TRACKERS,
    ]


TABLES = (
    "lexops.store.event",
    "lexops.privacy.store",
    "lexops.audit.store",
    "lexops.auth.store",
    "lexops.auth.factors",
    "lexops.gate.store",
    "lexops.gate.freezes",
    "lexops.calendars.store",
    "lexops.oncall.tables",
    "lexops.outbox.tables",
    "lexops.checks.tables",
    "lexops.incidents.store",
    "lexops.incidents.tables",
    "lexops.sla.tables",
    "lexops.communication.tables",
    "lexops.escalation.tables",
    "lexops.intake.tables",
    "lexops.knowledge.tables",
    "lexops.trackers.tables",
    "lexops.schedules.store",
)
"""The files that declare the store's tables."""


def store_metadata() -> MetaData:
    """The tables of all rooms: what the migrations must add up to."""
    from lexops.store.database import metadata

    for module in TABLES:
        import_module(module)
    return metadata


def open_console(site: Site, ascii_signs: bool = False, theme: str = "dark") -> int:
    """Show the console; the exit code is its answer."""
    from lexops import crash
    from lexops.tui.run import run_console
    from lexops.tui.site_port import SitePort

    return run_console(SitePort(site), on_crash=crash.keep, ascii_signs=ascii_signs, theme=theme)


def work(site: Site, stop: Callable[[], bool], longest: timedelta | None) -> None:
    """Work until told to stop, or with `longest` until nothing is left to do."""
    from lexops.gate.runs import Runs
    from lexops.worker.loop import Worker

    worker = Worker(site, performer=Runs(site.gate), chores=chores(site))
    if longest is None:
        worker.run(stop)
    else:
        worker.drain(stop, longest)


def page(site: Site) -> None:
    """Tell people what is due, where no worker does: warn of promises, escalate, send, try again what failed.

    Takes some ten seconds for each of three rounds at most. Raises StoreError.
    """
    from lexops.escalation.watch import escalate
    from lexops.outbox.dispatch import Dispatcher
    from lexops.sla import watch as promises

    parts = (site.store, site.file, site.clock)
    dispatcher = Dispatcher(*parts, me())
    promises.watch(*parts)
    for _ in range(3):
        escalate(*parts)
        dispatcher.turn()
        dispatcher.wait(10)
    site.gate.sealer.seal()


def chores(site: Site) -> list[Chore]:
    """What a worker does again and again for the rooms that it does not know."""
    from lexops.audit.witness import tell_witnesses
    from lexops.communication.reminding import remind
    from lexops.escalation.watch import escalate
    from lexops.gate.watch import watch
    from lexops.incidents.groups import loosen
    from lexops.incidents.watching import tell_watchers
    from lexops.intake import webhook
    from lexops.intake.maildir import take_mail
    from lexops.knowledge import index
    from lexops.outbox.dispatch import Dispatcher
    from lexops.outbox.leaving import forget_leavers
    from lexops.schedules.fire import fire
    from lexops.schedules.model import schedules
    from lexops.sla import keeping
    from lexops.sla import watch as promises
    from lexops.trackers.sync import sync
    from lexops.worker import exporter
    from lexops.worker.periodic import Chore

    gate, known, witnesses = site.gate, schedules(site.file), witnesses_of(site.file)
    parts = (site.store, site.file, site.clock)
    alerts = webhook.server(*parts)

    def seal() -> None:
        gate.sealer.seal()

    def tell() -> None:
        for problem in tell_witnesses(site.store, witnesses, site.clock):
            with site.store.begin() as connection:
                gate.alarm(connection, f"record:{problem.verdict}", problem.what, site.clock.now())

    return [
        Chore("sealing", timedelta(seconds=1), seal, last=True),
        Chore("telling witnesses", timedelta(seconds=30), tell),
        Chore("watching the gate", timedelta(seconds=10), lambda: watch(gate)),
        Chore(
            "schedules",
            timedelta(seconds=1),
            lambda: fire(site.store, site.clock, known, gate.on_schedule, gate.is_under_way),
        ),
        Chore("watching promises", timedelta(seconds=5), lambda: promises.watch(*parts)),
        Chore("keeping clocks", timedelta(seconds=10), lambda: keeping.keep(*parts)),
        Chore("foreseeing broken promises", timedelta(minutes=1), lambda: promises.foresee(*parts)),
        Chore("grouping", timedelta(seconds=5), lambda: loosen(*parts)),
        Chore("telling watchers", timedelta(seconds=5), lambda: tell_watchers(*parts)),
        Chore("escalating", timedelta(seconds=1), lambda: escalate(*parts)),
        Chore("sending", timedelta(seconds=1), Dispatcher(*parts, me()).turn),
        Chore(
            "forgetting how who left was reached",
            timedelta(minutes=1),
            lambda: forget_leavers(site.store, site.clock),
        ),
        Chore("taking mail", timedelta(seconds=15), lambda: take_mail(*parts)),
        Chore("reminding of promised updates", timedelta(seconds=30), lambda: remind(*parts)),
        Chore("keeping trackers in step", timedelta(seconds=5), lambda: sync(*parts)),
        Chore("indexing", timedelta(seconds=30), lambda: index.refresh(*parts)),
        *([Chore("taking alerts", timedelta(milliseconds=100), alerts.turn)] if alerts else []),
        *exporter.chores(site),
    ]


def witnesses_of(file: SiteFile) -> list[Witness]:
    """The places outside the store that are told every new head of the record. Raises ConfigError."""
    from lexops.audit import note
    from lexops.audit.heads import HeadFile
    from lexops.audit.witness import Command, FileDrop
    from lexops.errors import ConfigError

    settings = file.settings.record
    found: list[Witness] = []
    if settings.witness_file is not None:
        found.append(FileDrop(HeadFile(file.resolve(settings.witness_file))))
    if settings.witness_command is not None and settings.witness_key is not None:
        try:
            key = note.parse_key(settings.witness_key)
        except note.BadNote as error:
            hint = "copy the line that the witness printed"
            raise ConfigError(f"{file.path}: [record] witness_key: {error}", hint=hint) from None
        found.append(Command(key, settings.witness_command))
    return found


def sessions() -> Serving:
    """What the commands that open sessions over SSH need."""
    from lexops.cli.program import Key, Serving

    def allowed_words(allowed: Iterable[str], command: str) -> tuple[str, ...] | None:
        from lexops.tui.serving.limits import allowed_words as decide

        return decide(allowed, command)

    def keys(site: Site) -> list[Key]:
        from lexops.gate.sessions import Sessions

        people = Sessions(site.gate).active()
        return [Key(person.name, key.fingerprint, key.line) for person in people for key in person.keys]

    def holder(site: Site, shown: Presented) -> str:
        from lexops.auth.sshcert import ENFORCED_BY_SSHD
        from lexops.gate.sessions import Sessions

        return Sessions(site.gate).by_certificate(shown, None, ENFORCED_BY_SSHD).name

    def act_as(program: Program, session: Session) -> Program:
        from lexops.gate.sessions import Sessions

        def open_as(path: Path | None) -> Site:
            site = open_site(path, session=session)
            Sessions(site.gate).enter(session)
            return site

        return replace(program, open_site=open_as)

    return Serving(serve, keys, holder, allowed_words, act_as)


def serve(site: Site, stop: Callable[[], bool], narrate: Callable[[str], None]) -> None:
    """Serve the console over SSH until told to stop."""
    from lexops.auth import sshcert
    from lexops.gate.sessions import Sessions
    from lexops.tui.serving.connection import Service
    from lexops.tui.serving.login import Login
    from lexops.tui.serving.server import Server, host_key

    book = Sessions(site.gate)

    def who(fingerprint: str, line: str, login: str) -> Login | None:
        shown = sshcert.read(line)
        certified = shown.certificate is not None
        person = book.by_certificate(shown, login, frozenset()) if certified else book.by_key(fingerprint)
        return Login(person.name, person.role.value, fingerprint) if person else None

    settings = site.file.settings.serve
    key = host_key(site.file.resolve(settings.host_key))
    program = (sys.executable, "-P", "-m", "lexops")
    server = Server(Service(settings, key, program, site.file.path, who, book.record, site.clock))
    narrate(f"serving on {settings.address} port {server.port}; host key {key.fingerprint}")
    server.run(stop)


def main() -> None:
    """The `lexops` program."""
    from lexops import crash

    crash.guard()  # before Typer is imported, which keeps the hooks that it finds
    from lexops.cli.main import run
    from lexops.cli.program import Program

    run(Program(open_site, open_console, work, operations, page, sessions()))
