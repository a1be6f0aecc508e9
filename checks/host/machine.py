"""Does the machine answer, and does it keep itself in order?"""

from __future__ import annotations

from collections.abc import Iterator

from lexops.checks.contract import (
    Area,
    CannotSee,
    Finding,
    Host,
    Metric,
    NotApplicable,
    Note,
    NotYet,
    Observation,
    Status,
    check,
)

LOOK = "30s"
"""What any check of a host may take: the first of them looks for all."""
SETTLES = 17 * 60.0
"""Seconds after a start in which a clock may still be on its way (netdata waits as long)."""
MANY_RESTARTS = 2
"""netdata and awesome-prometheus-alerts: more often within some minutes is a loop."""


@check(
    "host.availability",
    target=Host,
    area=Area.HOST,
    every="1m",
    timeout=LOOK,
    warn="10s",
    source="LexOps' own judgement: a look is one log-in and one short script",
    mend="Log in as LexOps does: ssh USER@HOST true. If that hangs, look at the machine's own console.",
    fault="the SSH server is stopped",
    availability=True,
)
def availability(host: Host) -> Iterator[Metric]:
    """Host does not answer.

    One log-in and one script that only reads. When it fails, the machine is down, its network is, or LexOps
    is not let in; a slow answer says that the machine has no time left.

    When it cannot be reached, whatever part of billing runs on it cannot, either, or cannot be mended.
    """
    facts = host.facts()
    yield Metric("round trip", facts.round_trip, "s")
    yield Metric("uptime", facts.uptime, "s", info=True)
    yield Metric("processes", facts.processes, info=True)


@check(
    "host.clock",
    target=Host,
    area=Area.HOST,
    every="5m",
    timeout=LOOK,
    warn="-2s:2s",
    crit="-5s:5s",
    source="check_postgres, timesync: 2 s and 5 s",
    mend="See whether it follows a time server: timedatectl, or chronyc tracking; then restart that service.",
    fault="a date program that is an hour late",
)
def clock(host: Host) -> Iterator[Metric]:
    """Clock is wrong.

    The machine's clock against that of the machine on which LexOps runs, known to half the round trip.

    Time entries get the wrong hour, the order of payments and trust entries is in doubt, and SLA clocks
    run wrongly.
    """
    facts = host.facts()
    if facts.round_trip == 0:
        raise NotApplicable("this is the machine that LexOps runs on: there is nothing to compare with")
    yield Metric("ahead", facts.skew, "s")
    yield Metric("round trip", facts.round_trip, "s", info=True)


@check(
    "host.clock-sync",
    target=Host,
    area=Area.HOST,
    every="5m",
    timeout=LOOK,
    attempts=2,
    metrics={"off": ("-50ms:50ms", None), "not synchronised": ("0", None)},
    source="node-mixin, NodeClockSkewDetected: 50 ms; NodeClockNotSynchronising: any",
    mend="Look at the time service: chronyc sources, or timedatectl timesync-status; then restart it.",
    fault="a chronyc that tells of no source",
)
def clock_sync(host: Host) -> Iterator[Metric]:
    """Clock follows no time server.

    What chrony tells, or else systemd. The clock may still be right, but nothing keeps it so: it drifts by
    seconds a day. In the first minutes after a start that is normal.

    Time entries, payments and trust entries of several machines are put into order by their clocks.
    """
    facts = host.facts()
    if facts.time_sync is None:
        raise NotApplicable("neither chrony nor systemd tells of its clock")
    if facts.uptime < SETTLES:
        raise NotYet("the machine was started some minutes ago; its clock may still be on its way")
    yield Metric("not synchronised", 0 if facts.time_sync.synchronised else 1)
    if facts.time_sync.offset is not None:
        yield Metric("off", facts.time_sync.offset, "s", info=not facts.time_sync.synchronised)


@check(
    "host.zombies",
    target=Host,
    area=Area.HOST,
    every="5m",
    timeout=LOOK,
    warn="10",
    crit="50",
    source="LexOps' own judgement: a few are normal for a moment",
    mend="Find the parent that does not collect them and restart it: ps -eo ppid,pid,stat,comm | grep ' Z'.",
    fault="a program that does not collect its children",
)
def zombies(host: Host) -> Iterator[Metric]:
    """Zombie processes pile up.

    Processes that have ended and that their parent does not collect. Each keeps a number of which there are
    only so many; in the end the machine can start no more.

    A program that leaves them behind is broken: often the one that prints bills or feeds the ledger.
    """
    yield Metric("zombies", host.facts().zombies)


@check(
    "host.threads",
    target=Host,
    area=Area.HOST,
    every="5m",
    timeout=LOOK,
    warn="90%",
    crit="95%",
    source="netdata, active processes: 90 % and 95 % of pid_max",
    mend="See who has so many: ps -eo nlwp,pid,comm --sort -nlwp | head; restart it, or raise pid_max.",
    fault="a limit close to what runs (in a copy of /proc/sys/kernel/pid_max)",
)
def threads(host: Host) -> Iterator[Metric]:
    """Process numbers run out.

    Processes and threads against the lower of kernel.pid_max and kernel.threads-max. At the limit no program
    can be started and no server can take a connection; not even a log-in works.

    The billing database takes one process for each connection: everybody is turned away.
    """
    facts = host.facts()
    if facts.threads is None or not facts.threads_limit:
        raise NotApplicable("the machine does not count its threads")
    yield Metric("threads", facts.threads, limit=facts.threads_limit)


@check(
    "host.failed-units",
    target=Host,
    area=Area.HOST,
    every="5m",
    timeout=LOOK,
    source="netdata, systemd units: any that failed",
    mend="See why: systemctl status UNIT; then systemctl restart UNIT, or systemctl reset-failed UNIT.",
    fault="a systemctl that tells of a failed unit",
)
def failed_units(host: Host) -> Iterator[Finding]:
    """Service has failed.

    Units that systemd counts as failed: it has tried and does not try any more.

    Backups, mail of invoices and ledger feeds are such services, and nobody misses them until month-end.
    """
    units = host.facts().failed_units
    if units is None:
        raise NotApplicable("the machine has no systemd that would tell")
    for unit in units:
        yield Finding(unit, f"{unit} has failed")


@check(
    "host.restarting-units",
    target=Host,
    area=Area.HOST,
    every="1m",
    timeout=LOOK,
    attempts=1,
    source="awesome-prometheus-alerts, systemd service crashed: more than 2 restarts within minutes",
    mend="See why it ends: journalctl -u UNIT -n 100. While it loops, stop it: systemctl stop UNIT.",
    fault="a systemctl whose counter of restarts grows",
)
def restarting_units(host: Host) -> Iterator[Observation]:
    """Service keeps crashing.

    Services that systemd has restarted by itself more than twice within ten minutes: each time they seem to
    run for a moment, so that nothing else notices.

    A feed that ends in the middle leaves half of a night's time entries behind, each time again.
    """
    restarts = host.facts().restarts
    if restarts is None:
        raise NotApplicable("the machine has no systemd that would tell")
    looping = False
    for unit, count in restarts.items():
        grown = host.memory.grown(unit, count, over="10m") if count else None
        if grown is not None and grown.by > MANY_RESTARTS:
            looping = True
            often = f"{grown.by:.0f} times within {grown.seconds / 60:.0f} min"
            yield Finding(unit, f"{unit} was restarted {often}")
    if host.memory.waits and not looping:
        raise NotYet("first look at the restarts; the next one can tell how they grow")


@check(
    "host.units",
    target=Host,
    area=Area.HOST,
    every="1m",
    timeout=LOOK,
    source="the settings of the host: units",
    mend="See why: systemctl status UNIT; then systemctl start UNIT.",
    fault="a systemctl that tells of an inactive unit",
)
def units(host: Host) -> Iterator[Finding]:
    """Needed service does not run.

    The units that the settings of the host name have to be active. One that was stopped by hand has not
    failed, so that only this check misses it.

    They are named because billing needs them: the feed of time entries, the sending of invoices.
    """
    wanted, states = host.settings.units, host.facts().unit_states
    if not wanted:
        raise NotApplicable("the settings name no units")
    if states is None:
        raise CannotSee("the machine has no systemd that would tell of its units")
    for unit in wanted:
        state = states.get(unit, "not told")
        if state != "active":
            unseen = unit not in states
            yield Finding(unit, f"{unit} is {state}", Status.UNKNOWN if unseen else Status.CRITICAL)


@check(
    "host.restart-needed",
    target=Host,
    area=Area.SECURITY,
    every="1h",
    timeout=LOOK,
    attempts=1,
    source="Debian policy: /run/reboot-required; awesome-prometheus-alerts, kernel deviation",
    mend="Restart the machine in its window of maintenance, after a backup and outside of a billing run.",
    fault="the file that Debian leaves, and a newer kernel (in copies of /run and /boot)",
)
def restart_needed(host: Host) -> Iterator[Observation]:
    """Machine waits for a restart.

    Updates were installed that only a restart puts to work, most often of the kernel: until then the gaps
    that they close are open.

    Client data and money in trust lie on this machine; known gaps are the ones that are used.
    """
    why = host.facts().restart_needed
    if why is None:
        raise NotApplicable("nothing on the machine tells whether it waits for a restart")
    if why:
        yield Finding("restart", f"a restart is needed: {why}")
    yield Metric("uptime", host.facts().uptime, "s", info=True)


@check(
    "host.processes",
    target=Host,
    area=Area.HOST,
    every="1m",
    timeout=LOOK,
    source="the settings of the host: processes",
    grants="mount -o remount,hidepid=2,gid=lexops /proc",
    mend="Start what is missing, or end what is too much; ps -ef shows what runs.",
    fault="a named process is ended",
)
def processes(host: Host) -> Iterator[Observation]:
    """Program does not run as often as it should.

    Processes whose command line fits the pattern in the settings, counted. None at all is critical; too many
    are most often copies that were never ended.

    Two copies of a billing feed book twice, and none books nothing.
    """
    wanted, counted = host.settings.processes, host.facts().running
    if not wanted:
        raise NotApplicable("the settings name no processes")
    for name, range_ in wanted.items():
        count = counted.get(name)
        if name in counted and count is None:
            yield Finding(name, f"{name}: the host's grep does not know {range_.match}", Status.UNKNOWN)
            continue
        if count is None:
            text = f"{name}: the host hides its processes"
            yield Finding(name, text, Status.UNKNOWN, grant="mount -o remount,hidepid=2,gid=lexops /proc")
            continue
        yield Metric("processes", count, item=name, info=True)
        if count < range_.min or (range_.max is not None and count > range_.max):
            most = "" if range_.max is None else f" and at most {range_.max}"
            status = Status.WARNING if count else Status.CRITICAL
            yield Finding(name, f"{name}: {count} run; wanted are at least {range_.min}{most}", status)


@check(
    "host.ports",
    target=Host,
    area=Area.HOST,
    every="1m",
    timeout=LOOK,
    source="the settings of the host: ports",
    mend="See what should listen there and why it does not: ss -ltnp, then systemctl status UNIT.",
    fault="a listening socket is closed",
)
def ports(host: Host) -> Iterator[Observation]:
    """Nothing listens on a needed port.

    TCP ports of the settings on which no program of the machine listens. Seen from inside: a firewall in
    between does not matter here.

    Whoever delivers time entries or asks for invoices through that port is turned away.
    """
    wanted, listening = host.settings.ports, host.facts().listening
    if not wanted:
        raise NotApplicable("the settings name no ports")
    if listening is None:
        raise CannotSee("the machine does not tell on which ports its programs listen")
    for port in wanted:
        if port not in listening:
            yield Finding(str(port), f"nothing listens on port {port}", Status.CRITICAL)
    yield Note("listening", ", ".join(str(port) for port in wanted if port in listening) or "none")
