"""Does the machine answer, and does it keep itself in order?"""

from __future__ import annotations

from collections.abc import Iterator

from lexops.checks.contract import Area, Finding, Host, Metric, NotApplicable, check

LOOK = "30s"
"""What any check of a host may take: the first of them looks for all."""


@check(
    "host.availability",
    target=Host,
    area=Area.HOST,
    every="1m",
    timeout=LOOK,
    warn="10s",
    source="LexOps' own judgement: a look is one log-in and one short script",
    mend="Log in as LexOps does: ssh USER@HOST true. If that hangs, look at the machine's own console.",
    availability=True,
)
def availability(host: Host) -> Iterator[Metric]:
    """Host does not answer.

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
)
def clock(host: Host) -> Iterator[Metric]:
    """Clock is wrong.

    Time entries get the wrong hour, the order of payments and trust entries is in doubt, and SLA clocks
    run wrongly. Known to half the round trip.
    """
    facts = host.facts()
    if facts.round_trip == 0:
        raise NotApplicable("this is the machine that LexOps runs on: there is nothing to compare with")
    yield Metric("ahead", facts.skew, "s")
    yield Metric("round trip", facts.round_trip, "s", info=True)


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
)
def zombies(host: Host) -> Iterator[Metric]:
    """Zombie processes pile up.

    A program that leaves them behind is broken: often the one that prints bills or feeds the ledger; in
    the end the machine can start no more processes.
    """
    yield Metric("zombies", host.facts().zombies)


@check(
    "host.failed-units",
    target=Host,
    area=Area.HOST,
    every="5m",
    timeout=LOOK,
    source="netdata, systemd units: any that failed",
    mend="See why: systemctl status UNIT; then systemctl restart UNIT, or systemctl reset-failed UNIT.",
)
def failed_units(host: Host) -> Iterator[Finding]:
    """Service has failed.

    Backups, mail of invoices and ledger feeds are such services, and nobody misses them until month-end.
    """
    units = host.facts().failed_units
    if units is None:
        raise NotApplicable("the machine has no systemd that would tell")
    for unit in units:
        yield Finding(unit, f"{unit} has failed")
