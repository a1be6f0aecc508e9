"""Do LexOps' own parts work: workers, plug-ins, schedules, the record, the store?"""

from __future__ import annotations

from collections.abc import Iterator

from lexops.checks import own
from lexops.checks.contract import Finding, Forecast, History, Metric, NotApplicable, Observation, check
from lexops.text import one_line


@check(
    "lexops.workers",
    target=History,
    every="1m",
    attempts=3,
    warn="0",
    source="LexOps' own judgement: a worker shows a sign of life every 5 s and is dead after 20",
    fault="a worker that was killed, and lanes that nobody holds",
    mend="See why the worker ended (journalctl -u lexops-worker), and start it again: lexops worker.",
)
def workers(history: History) -> Iterator[Observation]:
    """A worker is missing.

    Counts the workers without a sign of life and the targets that nobody looks after.

    What the missing one looked after is looked at late or not at all.
    """
    silent = history.ask(own.silent_workers)
    idle, lanes = history.ask(own.idle_lanes)
    yield Metric("silent workers", len(silent))
    yield Metric("targets without a worker", idle, limit=lanes or None)


@check(
    "lexops.plugins",
    target=History,
    every="5m",
    attempts=1,
    source="LexOps' own judgement: a check that cannot be loaded never fires",
    fault="a plug-in that raises while it is loaded",
    mend="Mend or remove the plug-in or SQL file, then start the worker again; lexops check list names it.",
)
def plugins(history: History) -> Iterator[Observation]:
    """Checks could not be loaded.

    Lists the plug-ins, SQL files and overrides of this site that were left out because they are broken.

    What a broken check was to find, a wrong bill or a full disk, is found by nobody.
    """
    broken = history.ask(own.broken)
    yield Metric("broken", len(broken), info=True)
    for name, reason in broken.items():
        yield Finding(name, f"{one_line(name, 200)}: {one_line(reason, 200)}")


@check(
    "lexops.chores",
    target=History,
    every="1m",
    attempts=3,
    source="LexOps' own judgement: what failed at three looks, a minute apart, does not mend itself",
    fault="alerts that cannot be taken in, because another program has the port",
    mend="Each line says what fails and why. What waits is done once it works again. A worker reads the "
    "site's file when it starts: after mending that, start it again (lexops worker).",
)
def chores(history: History) -> Iterator[Observation]:
    """A part of the worker fails.

    Lists what the worker does beside its checks and cannot do now: escalating, sending, taking in mail and
    alerts, keeping trackers in step, sealing the record, telling other monitoring.

    A page that is not sent or a client's mail that is not taken in is missed by nobody until it is too late.
    """
    failing = history.ask(own.failing_chores)
    yield Metric("failing", len(failing), info=True)
    for name, reason in failing.items():
        yield Finding(name, f"{name} fails: {one_line(reason, 200)}")


@check(
    "lexops.schedules",
    target=History,
    every="5m",
    attempts=2,
    source="LexOps' own judgement: a time that passed by more than two minutes was missed",
    fault="a schedule whose time has passed",
    mend="lexops schedule list shows what happened; lexops schedule run NAME makes up for it.",
)
def schedules(history: History) -> Iterator[Observation]:
    """Schedules are late.

    Lists the schedules whose time has passed without a run.

    A billing run or a backup that does not start is found out when the bills are missing.
    """
    ask = history.site.schedules
    if ask is None:
        raise NotApplicable("this site has no schedules")
    for text in history.ask(ask):
        yield Finding(text.partition(" ")[0], text)


@check(
    "lexops.record",
    target=History,
    every="1m",
    attempts=3,
    metrics={"oldest unsealed": ("1m", "10m")},
    source="LexOps' own judgement: the worker seals every second",
    fault="an entry that nobody seals",
    mend="lexops audit verify says why; most often the folder [record] keys is missing or cannot be read.",
)
def record(history: History) -> Iterator[Observation]:
    """The record is not sealed.

    Measures how long the oldest entry of the audit trail has waited for its seal.

    Until it is sealed an entry could be changed without a trace, and proves nothing to an auditor.
    """
    waiting, seconds = history.ask(own.unsealed)
    yield Metric("oldest unsealed", seconds, "s")
    yield Metric("unsealed", waiting, info=True)


@check(
    "lexops.store-growth",
    target=History,
    every="5m",
    metrics={"size": ("80%", "90%")},
    source="Checkmk, df: 80 % and 90 %; the limit is what the store takes and what its disk has left",
    fault="a disk with hardly anything left",
    mend="Make room on the store's disk, or keep less: [store] keep_results and keep_raw_metrics.",
    trends=(Forecast("size"),),
)
def store_growth(history: History) -> Iterator[Observation]:
    """LexOps' store runs out of disk.

    Compares the store's size with what it could become on its disk; on a server only the size is seen.

    On a full disk nothing is recorded, and no act on a billing system is allowed without a record.
    """
    found = history.ask(lambda connection, now: own.size(connection, now, history.site.folder))
    if found.limit is None:
        yield Metric("size on the server", found.taken, "B")
    else:
        yield Metric("size", found.taken, "B", limit=found.limit)
