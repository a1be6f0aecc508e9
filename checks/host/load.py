"""Has the machine more to do than it can?"""

from __future__ import annotations

from collections.abc import Iterator

from lexops.checks.contract import Area, Host, Metric, NotApplicable, check

from .machine import LOOK

PSI = "LexOps' own judgement; only systemd-oomd publishes a number: it kills at 60 % of memory pressure"


@check(
    "host.load",
    target=Host,
    area=Area.HOST,
    every="1m",
    timeout=LOOK,
    warn="200%",
    crit="400%",
    source="netdata: 200 % of the CPUs for load15, 400 % for load5",
    mend="See what runs: top -o %CPU. Put off reports and backups that can wait.",
)
def load(host: Host) -> Iterator[Metric]:
    """Load is high.

    The whole billing application answers slowly, and month-end runs do not end in their night.
    """
    facts = host.facts()
    yield Metric("load over 15 min", facts.load15, limit=facts.cpus)
    yield Metric("load over 5 min", facts.load5, limit=facts.cpus, info=True)
    yield Metric("load over 1 min", facts.load1, limit=facts.cpus, info=True)


@check(
    "host.memory",
    target=Host,
    area=Area.HOST,
    every="1m",
    timeout=LOOK,
    warn="10%:",
    crit="5%:",
    source="netdata and awesome-prometheus-alerts: less than 10 % available",
    mend="See who takes it: ps -eo rss,pid,comm --sort -rss | head. Restart what has grown.",
)
def memory(host: Host) -> Iterator[Metric]:
    """Memory runs out.

    When none is left the kernel kills the largest program, which usually is the billing database.
    """
    facts = host.facts()
    yield Metric("available", facts.memory_available, "B", limit=facts.memory_total)


@check(
    "host.swap",
    target=Host,
    area=Area.HOST,
    every="5m",
    timeout=LOOK,
    warn="90%",
    crit="98%",
    source="netdata: 90 % and 98 %",
    mend="See who takes the memory: ps -eo rss,pid,comm --sort -rss | head; then give the machine more.",
)
def swap(host: Host) -> Iterator[Metric]:
    """Swap fills up.

    A machine that has used it up is about to kill programs; the billing database is the largest.
    """
    facts = host.facts()
    if not facts.swap_total:
        raise NotApplicable("the machine has no swap")
    yield Metric("in use", facts.swap_total - facts.swap_free, "B", limit=facts.swap_total)


@check(
    "host.pressure-cpu",
    target=Host,
    area=Area.HOST,
    every="1m",
    timeout=LOOK,
    warn="40",
    crit="70",
    source=PSI,
    mend="See what runs: top -o %CPU. Put off what can wait.",
)
def pressure_cpu(host: Host) -> Iterator[Metric]:
    """Programs wait for a CPU.

    People who enter time wait just as long, and the month-end run takes longer than its night.
    """
    yield _stalled(host, "cpu", "some")


@check(
    "host.pressure-io",
    target=Host,
    area=Area.HOST,
    every="1m",
    timeout=LOOK,
    warn="20",
    crit="40",
    source=PSI,
    mend="See who reads and writes: iotop -o, or pidstat -d 1. Put off backups and reports that can wait.",
)
def pressure_io(host: Host) -> Iterator[Metric]:
    """Programs wait for disks.

    Invoices and payments are confirmed only when they are on the disk: all of billing waits with it.
    """
    yield _stalled(host, "io", "full")


@check(
    "host.pressure-memory",
    target=Host,
    area=Area.HOST,
    every="1m",
    timeout=LOOK,
    warn="5",
    crit="20",
    source=PSI,
    mend="See who takes the memory: ps -eo rss,pid,comm --sort -rss | head. Restart what has grown.",
)
def pressure_memory(host: Host) -> Iterator[Metric]:
    """Programs wait for memory.

    It comes before programs are killed; the billing database is the largest of them.
    """
    yield _stalled(host, "memory", "full")


@check(
    "host.open-files",
    target=Host,
    area=Area.HOST,
    every="5m",
    timeout=LOOK,
    warn="70%",
    crit="90%",
    source="node-mixin: 70 % and 90 % for 15 min",
    mend="See who holds them: lsof -n | awk '{print $1}' | sort | uniq -c | sort -n; raise fs.file-max.",
)
def open_files(host: Host) -> Iterator[Metric]:
    """Open files run out.

    At the limit nothing can be opened any more: no connection to the billing database, no invoice file.
    """
    facts = host.facts()
    if facts.open_files is None or facts.open_files_limit is None:
        raise NotApplicable("the machine does not count its open files")
    yield Metric("open files", facts.open_files, limit=facts.open_files_limit)


def _stalled(host: Host, resource: str, share: str) -> Metric:
    pressure = host.facts().pressure.get(resource)
    if pressure is None:
        raise NotApplicable(f"the machine's kernel does not measure pressure on {resource}")
    percent = pressure.some_avg60 if share == "some" else pressure.full_avg60
    return Metric("stalled", percent, "%")
