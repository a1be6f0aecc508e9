"""Has the machine more to do than it can?"""

from __future__ import annotations

from collections.abc import Iterator

from lexops.checks.contract import Area, Forecast, Host, Metric, NotApplicable, check

from .machine import LOOK

PSI = "LexOps' own judgement; only systemd-oomd publishes a number: it kills at 60 % of memory pressure"


@check(
    "host.load",
    target=Host,
    area=Area.HOST,
    every="1m",
    timeout=LOOK,
    metrics={"load over 15 min": ("200%", None), "load over 5 min": ("400%", None)},
    source="netdata: 200 % of the CPUs for load15, 400 % for load5",
    mend="See what runs: top -o %CPU. Put off reports and backups that can wait.",
    fault="a load of another machine (in a copy of /proc/loadavg)",
)
def load(host: Host) -> Iterator[Metric]:
    """Load is high.

    Programs that run, could run or wait for a disk, on average, against the number of CPUs. Twice as many for
    a quarter of an hour means that each waits as long as it works.

    The whole billing application answers slowly, and month-end runs do not end in their night.
    """
    facts = host.facts()
    cpus = max(2, facts.cpus)
    yield Metric("load over 15 min", facts.load15, limit=cpus)
    yield Metric("load over 5 min", facts.load5, limit=cpus)
    yield Metric("load over 1 min", facts.load1, limit=cpus, info=True)


@check(
    "host.cpu",
    target=Host,
    area=Area.HOST,
    every="1m",
    timeout=LOOK,
    metrics={"busy": ("85", "95"), "waiting for disks": ("40", "50"), "stolen": ("10", "30")},
    source="netdata: busy 85 and 95 % for 10 min, iowait 40 and 50 %, steal 10 and 30 %",
    mend="Busy: top -o %CPU. Waiting for disks: iotop -o. Stolen: ask whoever runs the virtual machine.",
    fault="counters of busy CPUs (in a copy of /proc/stat)",
)
def cpu(host: Host) -> Iterator[Metric]:
    """CPUs are busy all the time.

    The share of the last ten minutes in which the CPUs worked, waited for disks, or were taken away by the
    machine on which this one is a guest. What is stolen cannot be seen inside in any other way.

    The billing run of the month takes longer than its night, and people who enter time wait.
    """
    now = host.facts().cpu_time
    if now is None:
        raise NotApplicable("the machine does not count the time of its CPUs")
    total = host.memory.grown("total", now.total, over="10m")
    parts = {"busy": now.busy, "waiting for disks": now.iowait, "stolen": now.steal}
    for name, ticks in parts.items():
        grown = host.memory.grown(name, ticks, over="10m")
        if total is not None and grown is not None and total.by > 0:
            yield Metric(name, 100 * grown.by / total.by, "%")


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
    fault="memory of another machine (in a copy of /proc/meminfo)",
)
def memory(host: Host) -> Iterator[Metric]:
    """Memory runs out.

    What programs could still get without swapping, by the kernel's own estimate; the page cache counts as
    available, since it is given back.

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
    metrics={"paged out": ("30%", None)},
    source="netdata: 90 % and 98 % in use; 30 % of the memory paged out within 30 min",
    mend="See who takes the memory: ps -eo rss,pid,comm --sort -rss | head; then give the machine more.",
    fault="swap of another machine (in copies of /proc/meminfo and /proc/vmstat)",
)
def swap(host: Host) -> Iterator[Metric]:
    """Swap fills up.

    How much of the swap space is in use, and how much memory was written to it within half an hour. Old pages
    that lie there hurt nobody; pages that go there all the time make every program wait.

    A machine that has used it up is about to kill programs; the billing database is the largest.
    """
    facts = host.facts()
    if not facts.swap_total:
        raise NotApplicable("the machine has no swap")
    yield Metric("in use", facts.swap_total - facts.swap_free, "B", limit=facts.swap_total)
    if facts.paged_out is not None:
        grown = host.memory.grown("paged out", facts.paged_out, over="30m")
        if grown is not None:
            yield Metric("paged out", grown.by, "B", limit=facts.memory_total)


@check(
    "host.oom",
    target=Host,
    area=Area.HOST,
    every="1m",
    timeout=LOOK,
    attempts=1,
    warn="0",
    source="netdata and awesome-prometheus-alerts: any within 30 min",
    mend="See who was killed: journalctl -k | grep -i 'killed process'. Start it again.",
    fault="a counter of the kernel that grows (in a copy of /proc/vmstat)",
)
def oom(host: Host) -> Iterator[Metric]:
    """Kernel has killed a program for want of memory.

    The kernel's counter of such kills over the last half hour. It takes the largest program, in the middle of
    whatever that did.

    A killed billing database has to recover before anybody can work, and a killed billing run has to be
    repeated from where it stopped.
    """
    kills = host.facts().oom_kills
    if kills is None:
        raise NotApplicable("the machine's kernel does not count them")
    grown = host.memory.grown("kills", kills, over="30m")
    if grown is not None:
        yield Metric("killed", grown.by)


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
    fault="pressure of another machine (in a copy of /proc/pressure)",
)
def pressure_cpu(host: Host) -> Iterator[Metric]:
    """Programs wait for a CPU.

    The share of the last minute in which some program could have run and got no CPU (pressure stall
    information of the kernel).

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
    fault="pressure of another machine (in a copy of /proc/pressure)",
)
def pressure_io(host: Host) -> Iterator[Metric]:
    """Programs wait for disks.

    The share of the last minute in which nothing at all went on, because every program that was not idle
    waited for a disk.

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
    fault="pressure of another machine (in a copy of /proc/pressure)",
)
def pressure_memory(host: Host) -> Iterator[Metric]:
    """Programs wait for memory.

    The share of the last minute in which nothing went on, because every program that was not idle waited for
    its pages.

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
    trends=(Forecast("open files"),),
    source="node-mixin: 70 % and 90 % for 15 min",
    mend="See who holds them: lsof -n | awk '{print $1}' | sort | uniq -c | sort -n; raise fs.file-max.",
    fault="a limit close to what is open (in a copy of /proc/sys/fs/file-nr)",
)
def open_files(host: Host) -> Iterator[Metric]:
    """Open files run out.

    Files and connections that all programs together hold open, against what the kernel allows.

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
