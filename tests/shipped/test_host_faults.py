"""Each host check: a fault on a machine makes it fire, its mending clears it.

Real faults where a test may make them. What a test cannot make (a dying disk, an hour of load, a systemd that
is not there) is put before the real script: another program on its PATH, or a file in the place of one of
the kernel's.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from lexops.checks.engine import observe
from lexops.checks.model import Status, Verdict
from lexops.config import HostSettings
from lexops.targets.host import Host, facts_through
from lexops.targets.local import LocalShell
from lexops.targets.memory import Memory
from lexops.targets.model import Kind, Target
from tests import servers
from tests.servers import HOST, Authority, SSHServer, free_port
from tests.shipped.looking import Eye, eventually, shipped, told

FACTS = files("lexops.targets").joinpath("facts.sh").read_text()


class Machine(LocalShell):
    """This machine, with files of its kernel and programs of its own exchanged."""

    def __init__(self, folder: Path) -> None:
        super().__init__("web")
        self.folder = folder
        self.programs = folder / "bin"
        self.programs.mkdir()
        self.settings: dict[str, Any] = {}
        self.now = datetime.now(UTC)
        self._files: dict[str, Path] = {}
        self._memories: dict[str, Mapping[str, Any]] = {}

    def file(self, path: str, content: str) -> None:
        """Let the script read this instead of `path`, which has to stand in it."""
        assert path in FACTS
        self._files[path] = self.folder / path.strip("/").replace("/", "-")
        self._files[path].write_text(content)

    def program(self, name: str, script: str) -> None:
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def run(self, script: str, seconds: float) -> str:
        for path in sorted(self._files, key=len, reverse=True):
            script = script.replace(path, str(self._files[path]))
        return super().run(f"PATH={self.programs}:$PATH\n{script}", seconds)

    def look(self, check: str, *, later: float = 60.0) -> Verdict:
        """What the check says so many seconds after its last look, which it remembers."""
        settings = HostSettings.model_validate({"kind": "host", **self.settings})
        host = Host(Target("web", Kind.HOST), lambda: facts_through(self, settings), settings=settings)
        self.now += timedelta(seconds=later)
        verdict = observe(shipped(check), host, Memory(self._memories.get(check), self.now))
        if verdict.memory is not None:
            self._memories[check] = verdict.memory
        return verdict


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


# Does it answer?


@pytest.fixture
def own_sshd() -> Iterator[SSHServer]:
    """A server that may be stopped."""
    yield from servers.running(servers.start_sshd)


@pytest.mark.fires("host.availability")
def test_a_machine_that_lets_nobody_in_is_critical_until_it_does(own_sshd: SSHServer) -> None:
    eye = Eye(
        "host",
        address=own_sshd.address,
        identity=str(own_sshd.identity),
        known_hosts=str(own_sshd.known_hosts),
    )
    session = eye.session()
    assert observe(shipped("host.availability"), session).status is Status.OK
    session.fresh()
    own_sshd.stop()
    session._shell._line.cut()  # sshd leaves the sessions of its children alone
    down = observe(shipped("host.availability"), session)
    session.close()
    assert (down.status, down.unreachable) == (Status.CRITICAL, True)
    own_sshd.start()
    assert eye.look("host.availability").status is Status.OK


# What the kernel and other programs tell of.

STAT = "cpu  {busy} 0 0 {idle} {wait} 0 0 {steal} 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\n"
MEMORY = "MemTotal: 16000000 kB\nMemAvailable: {free} kB\nSwapTotal: 4000000 kB\nSwapFree: {swap} kB\n"
MOUNTS = (
    "25 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n"
    "26 25 8:17 / /tmp {ours},relatime - ext4 /dev/sdb1 {mode}\n"
)
DISKSTATS = "   8       0 sda {requests} 0 0 {ms} 0 0 0 0 0 0 0\n"
NETWORK = "  eth0: 100 {packets} {errors} 0 0 0 0 0 100 0 0 0 0 0 0 0\n"
NETSTAT = "TcpExt: SyncookiesSent ListenOverflows ListenDrops\nTcpExt: 0 {0} {0}\n"


@pytest.mark.parametrize(
    ("check", "path", "bad", "good"),
    [
        pytest.param(id, path, bad, good, marks=pytest.mark.fires(id), id=f"{id} {path}")
        for id, path, bad, good in [
            ("host.load", "/proc/loadavg", "9 9 99.0 1/300 4\n", "0.1 0.1 0.1 1/300 4\n"),
            (
                "host.memory",
                "/proc/meminfo",
                MEMORY.format(free=160, swap=1),
                MEMORY.format(free=9**7, swap=1),
            ),
            (
                "host.swap",
                "/proc/meminfo",
                MEMORY.format(free=1, swap=0),
                MEMORY.format(free=1, swap=4000000),
            ),
            ("host.threads", "/proc/sys/kernel/pid_max", "10\n", "4194304\n"),
            ("host.open-files", "/proc/sys/fs/file-nr", "950 0 1000\n", "95 0 1000\n"),
            ("host.connections", "/proc/sys/net/netfilter/nf_conntrack_max", "1\n", "262144\n"),
        ]
    ],
)
def test_a_limit_that_is_close_is_told(machine: Machine, check: str, path: str, bad: str, good: str) -> None:
    if check == "host.connections":
        machine.file("/proc/sys/net/netfilter/nf_conntrack_count", "5\n")
    machine.file(path, good)
    assert machine.look(check).status is Status.OK
    machine.file(path, bad)
    assert machine.look(check).status in (Status.WARNING, Status.CRITICAL)
    machine.file(path, good)
    assert machine.look(check).status is Status.OK


@pytest.mark.parametrize(
    ("check", "path", "looks"),
    [
        pytest.param(id, path, looks, marks=pytest.mark.fires(id), id=id)
        for id, path, looks in [
            (
                "host.cpu",
                "/proc/stat",
                (
                    STAT.format(busy=0, idle=0, wait=0, steal=0),
                    STAT.format(busy=60_000, idle=100, wait=0, steal=0),
                    STAT.format(busy=60_100, idle=200_000, wait=0, steal=0),
                ),
            ),
            ("host.oom", "/proc/vmstat", ("oom_kill 2\n", "oom_kill 3\n", "oom_kill 3\n")),
            (
                "host.disk-latency",
                "/proc/diskstats",
                (
                    DISKSTATS.format(requests=0, ms=0),
                    DISKSTATS.format(requests=100_000, ms=60_000_000),
                    DISKSTATS.format(requests=900_000, ms=60_100_000),
                ),
            ),
            (
                "host.listen-drops",
                "/proc/net/netstat",
                (NETSTAT.format(0), NETSTAT.format(9_000), NETSTAT.format(9_000)),
            ),
            (
                "host.network-errors",
                "/proc/net/dev",
                (
                    NETWORK.format(packets=0, errors=0),
                    NETWORK.format(packets=100_000, errors=2_000),
                    NETWORK.format(packets=900_000, errors=2_000),
                ),
            ),
        ]
    ],
)
def test_a_counter_that_grows_too_fast_is_told(
    machine: Machine, check: str, path: str, looks: tuple[str, str, str]
) -> None:
    block = machine.folder / "block" / "sda"
    block.mkdir(parents=True)
    machine._files["/sys/block"] = block.parent
    before, bad, mended = looks
    machine.file(path, before)
    assert machine.look(check).status is Status.PENDING
    machine.file(path, bad)
    assert machine.look(check, later=600).status in (Status.WARNING, Status.CRITICAL)
    assert machine.look(check, later=3600).status is not Status.PENDING
    machine.file(path, mended)
    assert machine.look(check, later=3600).status is Status.OK


@pytest.mark.fires("host.listen-drops")
def test_connections_that_nobody_takes_are_told(machine: Machine) -> None:
    machine.look("host.listen-drops")
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((HOST, 0), backlog=0))
        for _ in range(60):
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        eventually(Status.CRITICAL, lambda: machine.look("host.listen-drops", later=0.01))
    machine.look("host.listen-drops", later=3600)
    assert machine.look("host.listen-drops", later=3600).status is Status.OK


@pytest.mark.parametrize(
    ("check", "resource"),
    [
        pytest.param(f"host.pressure-{name}", name, marks=pytest.mark.fires(f"host.pressure-{name}"))
        for name in ("cpu", "io", "memory")
    ],
)
def test_pressure_is_told(machine: Machine, check: str, resource: str) -> None:
    def pressure(percent: int) -> str:
        lines = (f"{share} avg10=0.00 avg60={percent}.00 avg300=0.00 total=1" for share in ("some", "full"))
        return "\n".join(lines) + "\n"

    folder = machine.folder / "pressure"
    folder.mkdir()
    machine._files["/proc/pressure"] = folder
    for percent, status in ((0, Status.OK), (80, Status.CRITICAL), (0, Status.OK)):
        (folder / resource).write_text(pressure(percent))
        assert machine.look(check).status is status


@pytest.mark.fires("host.clock")
def test_a_clock_that_is_late_is_told(machine: Machine) -> None:
    assert machine.look("host.clock").status is Status.OK
    machine.program("date", f"echo {time.time() - 3600:.6f}")
    assert machine.look("host.clock").status is Status.CRITICAL
    (machine.programs / "date").unlink()
    assert machine.look("host.clock").status is Status.OK


@pytest.mark.fires("host.clock-sync")
def test_a_clock_that_follows_nobody_is_told(machine: Machine) -> None:
    machine.file("/proc/uptime", "86400.00 1.00\n")
    tracking = "echo C0A80001,ntp1,2,1700000000.0,{},0.0,0.0,0.0,0.0,0.0,0.0,0.0,64.0,{}"
    for offset, leap, status in (
        ("0.000012", "Normal", Status.OK),
        ("-0.200000", "Normal", Status.WARNING),
        ("0.000000", "Not synchronised", Status.WARNING),
        ("0.000012", "Normal", Status.OK),
    ):
        machine.program("chronyc", tracking.format(offset, f'"{leap}"'))
        assert machine.look("host.clock-sync").status is status


@pytest.mark.fires("host.clock-sync")
def test_where_there_is_no_chrony_systemd_tells_of_the_clock(machine: Machine) -> None:
    machine.file("/proc/uptime", "86400.00 1.00\n")
    machine.program("chronyc", "exit 1")
    for answer, status in (("no", Status.WARNING), ("yes", Status.OK)):
        machine.program("timedatectl", f"echo {answer}")
        assert machine.look("host.clock-sync").status is status


@pytest.mark.fires("host.zombies")
def test_children_that_nobody_collects_are_told(machine: Machine) -> None:
    children = "import os, time; [os.fork() or os._exit(0) for _ in range(20)]; time.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", children])
    try:
        eventually(Status.WARNING, lambda: machine.look("host.zombies"))
    finally:
        parent.kill()
        parent.wait()
    eventually(Status.OK, lambda: machine.look("host.zombies"))


@pytest.mark.fires("host.restart-needed")
def test_an_update_that_waits_for_a_restart_is_told(machine: Machine) -> None:
    machine.program("uname", "echo 6.1.0-13-amd64")
    boot = machine.folder / "boot"
    boot.mkdir()
    machine._files["/boot"] = boot
    machine._files["/run/reboot-required"] = machine.folder / "reboot-required"
    (boot / "vmlinuz-6.1.0-13-amd64").touch()
    (boot / "vmlinuz-6.9.0-1-cloud-amd64").touch()
    assert machine.look("host.restart-needed").status is Status.OK
    (boot / "vmlinuz-6.1.0-22-amd64").touch()
    newer = machine.look("host.restart-needed")
    assert newer.status is Status.WARNING
    assert newer.summary == "a restart is needed: 6.1.0-22-amd64 is installed, 6.1.0-13-amd64 runs"
    (boot / "vmlinuz-6.1.0-22-amd64").unlink()
    machine._files["/run/reboot-required"].touch()
    assert machine.look("host.restart-needed").status is Status.WARNING
    machine._files["/run/reboot-required"].unlink()
    assert machine.look("host.restart-needed").status is Status.OK


SYSTEMCTL = """
case "$1 $4" in
list-units*) {failed} ;;
"show Id,NRestarts") printf 'NRestarts=0\\nId=ssh.service\\n\\nId=feed.service\\nNRestarts={restarts}\\n' ;;
"show ActiveState") printf 'ActiveState=active\\n\\nActiveState={state}\\n' ;;
esac
"""


@pytest.mark.fires("host.failed-units", "host.restarting-units", "host.units")
def test_services_that_do_not_run_are_told(machine: Machine) -> None:
    def systemd(failed: str = "true", restarts: int = 1, state: str = "active") -> None:
        machine.program("systemctl", SYSTEMCTL.format(failed=failed, restarts=restarts, state=state))

    def looks() -> list[Status]:
        return [
            machine.look(f"host.{check}").status for check in ("failed-units", "restarting-units", "units")
        ]

    machine.settings = {"units": ["ssh.service", "feed.service"]}
    systemd()
    assert looks() == [Status.OK, Status.PENDING, Status.OK]
    systemd("echo backup.service loaded failed failed Nightly backup", 5, "inactive")
    assert looks() == [Status.WARNING, Status.WARNING, Status.CRITICAL]
    assert machine.look("host.units").summary == "feed.service is inactive"
    systemd(restarts=5)
    machine.now += timedelta(hours=1)
    looks()
    machine.now += timedelta(hours=1)
    assert looks() == [Status.OK] * 3


# Disks.


@pytest.mark.fires("host.disk-space", "host.disk-inodes")
def test_a_full_disk_is_told(machine: Machine) -> None:
    machine.file(
        "/proc/self/mountinfo", "25 1 8:1 / /tmp rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=panic\n"
    )
    for free, status in ((60_000_000, Status.OK), (1_000_000, Status.CRITICAL), (60_000_000, Status.OK)):
        machine.program("df", f"echo /dev/sda1 100000000 {100_000_000 - free} {free} 50% /tmp")
        assert machine.look("host.disk-space").status is status
        assert machine.look("host.disk-inodes").status is status


@pytest.mark.fires("host.read-only")
def test_a_disk_that_turns_read_only_is_told(machine: Machine) -> None:
    for mode, status in (
        ("rw", Status.PENDING),
        ("rw", Status.OK),
        ("ro", Status.CRITICAL),
        ("rw", Status.OK),
    ):
        machine.file("/proc/self/mountinfo", MOUNTS.format(ours=mode, mode=mode))
        verdict = machine.look("host.read-only")
        assert verdict.status is status
    machine.file("/proc/self/mountinfo", MOUNTS.format(ours="ro", mode="ro"))
    assert machine.look("host.read-only").summary == "/tmp has become read-only"
    assert machine.look("host.read-only").status is Status.CRITICAL


def test_a_disk_that_only_we_may_not_write_is_looked_at_like_any_other(machine: Machine) -> None:
    """As in a container, or in a service with ProtectSystem=strict, which docs/worker.md recommends."""
    machine.file("/proc/self/mountinfo", MOUNTS.format(ours="rw", mode="rw"))
    machine.look("host.read-only")
    machine.file("/proc/self/mountinfo", MOUNTS.format(ours="ro", mode="rw"))
    assert machine.look("host.read-only").status is Status.OK
    machine.program("df", "echo /dev/sdb1 100000000 99000000 1000000 99% /tmp")
    full = machine.look("host.disk-space")
    assert "/tmp: only" in told(full)
    assert machine.look("host.disk-inodes").status is Status.CRITICAL


@pytest.mark.fires("host.dead-mounts")
def test_a_mount_that_hangs_is_told_and_hinders_no_other_check(machine: Machine) -> None:
    machine.file(
        "/proc/self/mountinfo",
        "30 25 0:44 / /srv/client\\040files rw shared:9 - nfs4 nas:/bills rw,vers=4.2\n"
        "25 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n",
    )
    machine.program("test", 'case "$2" in "/srv/client files") exec sleep 60 ;; esac')
    dead = machine.look("host.dead-mounts")
    assert (dead.status, dead.summary) == (Status.CRITICAL, "/srv/client files does not answer")
    assert machine.look("host.disk-space").status in (Status.OK, Status.WARNING, Status.CRITICAL)
    (machine.programs / "test").unlink()
    assert machine.look("host.dead-mounts").status is Status.OK


# What the settings name, on this machine and on another one.


@pytest.fixture(params=["local", "ssh"])
def named(request: pytest.FixtureRequest) -> Any:
    """Looks at a host of which the settings name something."""
    if request.param == "local":
        return lambda **settings: Eye("host", **settings)
    sshd: SSHServer = request.getfixturevalue("sshd")
    there = {
        "address": sshd.address,
        "identity": str(sshd.identity),
        "known_hosts": str(sshd.known_hosts),
    }
    return lambda **settings: Eye("host", **there, **settings)


@pytest.mark.fires("host.ports")
def test_a_port_on_which_nobody_listens_is_told(named: Any) -> None:
    port = free_port()
    eye = named(ports=[port])
    with socket.create_server((HOST, port)):
        assert eye.look("host.ports").status is Status.OK
    assert eye.look("host.ports").summary == f"nothing listens on port {port}"
    assert eye.look("host.ports").status is Status.CRITICAL
    with socket.create_server((HOST, port)):
        assert eye.look("host.ports").status is Status.OK


@pytest.mark.fires("host.processes")
def test_a_program_that_does_not_run_is_told_and_one_too_many(named: Any, tmp_path: Path) -> None:
    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", f"{tmp_path}/feed"])

    eye = named(processes={"feed": {"match": f"{tmp_path}/feed$| {tmp_path}/feed ", "max": 1}})
    assert eye.look("host.processes").summary == "feed: 0 run; wanted are at least 1 and at most 1"
    assert eye.look("host.processes").status is Status.CRITICAL
    first = start()
    try:
        eventually(Status.OK, lambda: eye.look("host.processes"))
        second = start()
        try:
            eventually(Status.WARNING, lambda: eye.look("host.processes"))
        finally:
            second.send_signal(signal.SIGKILL)
            second.wait()
        assert eye.look("host.processes").status is Status.OK
    finally:
        first.kill()
        first.wait()


@pytest.mark.fires("host.certificates")
def test_a_certificate_in_a_file_that_runs_out_is_told(named: Any, tmp_path: Path) -> None:
    authority = Authority()

    def issue(days: float) -> None:
        chain, key = authority.issue(tmp_path, names=["portal"], valid_for=timedelta(days=days))
        (tmp_path / "both.pem").write_bytes(key.read_bytes() + chain.read_bytes() + authority.pem)

    eye = named(certificates=[str(tmp_path / "both.pem")])
    issue(90)
    sound = eye.look("host.certificates")
    assert (sound.status, len(sound.judged)) == (Status.OK, 2)
    for days, status in ((0.1, Status.CRITICAL), (-1, Status.CRITICAL), (90, Status.OK)):
        issue(days)
        assert eye.look("host.certificates").status is status


def test_a_private_key_beside_a_certificate_stays_on_the_host(machine: Machine, tmp_path: Path) -> None:
    chain, key = Authority().issue(tmp_path, names=["portal"], valid_for=timedelta(days=90))
    (tmp_path / "both.pem").write_bytes(key.read_bytes() + chain.read_bytes())
    answer = machine.run(f"{FACTS}\ncertificates 0 {tmp_path}/both.pem", 20)
    assert "BEGIN CERTIFICATE" in answer
    assert key.read_text().splitlines()[1] not in answer


def test_a_file_without_a_certificate_is_told_and_one_that_is_not_there_is_never_fine(
    named: Any, tmp_path: Path
) -> None:
    (tmp_path / "empty.pem").touch()
    assert named(certificates=[f"{tmp_path}/empty.pem"]).look("host.certificates").status is Status.WARNING
    absent = named(certificates=[f"{tmp_path}/absent.pem"]).look("host.certificates")
    assert absent.status is Status.UNKNOWN
    assert absent.grants == (f"setfacl -m u:lexops:r {tmp_path}/absent.pem",)


@pytest.mark.fires("host.files")
def test_a_job_that_does_not_write_and_a_folder_that_nobody_empties_are_told(
    named: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "drop folder"
    settings = {
        "newest": "1h",
        "oldest": "2h",
        "min_count": 1,
        "max_count": 3,
        "min_size": 1,
        "max_size": 1000,
    }
    eye = named(files={"ledes": {"path": f"{folder}/*.txt", **settings}})
    assert eye.look("host.files").status is Status.CRITICAL
    folder.mkdir()

    def write(name: str, size: int, age: float) -> None:
        path = folder / name
        path.write_bytes(b"x" * size)
        moment = time.time() - age
        os.utime(path, (moment, moment))

    def complaints() -> set[str]:
        return {finding.key for finding in eye.look("host.files").findings}

    assert complaints() == {"ledes newest", "ledes min_count", "ledes min_size"}
    write("a b.txt", 10, 60)
    write("other.csv", 9000, 90000)
    assert eye.look("host.files").status is Status.OK
    write("a b.txt", 10, 5000)
    assert complaints() == {"ledes newest"}
    assert eye.look("host.files").summary == "ledes: the newest is 1 h 23 old; at most 1 h 00"
    write("late.txt", 10, 50)
    write("a b.txt", 10, 9000)
    assert complaints() == {"ledes oldest"}
    for number in range(3):
        write(f"{number}.txt", 400, 60)
    assert complaints() == {"ledes oldest", "ledes max_count", "ledes max_size"}
    for path in folder.glob("*.txt"):
        path.unlink()
    write("new.txt", 10, 60)
    assert eye.look("host.files").status is Status.OK


def test_one_drop_folder_of_many_that_may_not_be_read_is_never_fine() -> None:
    account, root = servers.unprivileged(), servers.short_folder()

    class Stranger(LocalShell):
        def run(self, script: str, seconds: float) -> str:
            return subprocess.run(
                ["/bin/sh", "-s"], input=script, user=account, text=True, timeout=seconds, capture_output=True
            ).stdout

    def look(pattern: str) -> Verdict:
        settings = HostSettings.model_validate(
            {"kind": "host", "files": {"drop": {"path": f"{root}/{pattern}", "max_count": 5}}}
        )
        shell = Stranger("web")
        host = Host(Target("web", Kind.HOST), lambda: facts_through(shell, settings), settings=settings)
        return observe(shipped("host.files"), host)

    def grants(pattern: str) -> tuple[Status, tuple[str, ...]]:
        verdict = look(pattern)
        return verdict.status, verdict.grants

    def may(folder: str, mode: int) -> None:
        (root / folder).chmod(mode)

    try:
        for folder in ("lost+found", "acme/in", "b b\n<<<end>>>/in"):
            (root / folder).mkdir(parents=True)
            (root / folder / "a.xml").touch()
        root.chmod(0o311)
        assert grants("acme/in/*.xml") == (Status.OK, ())
        assert grants("*/in/*.xml") == (Status.UNKNOWN, (f"setfacl -m u:lexops:rx {root}",))
        root.chmod(0o755)
        may("lost+found", 0)
        assert grants("*/in/*.xml") == (Status.OK, ())
        may("acme/in", 0)
        assert grants("*/in/*.xml") == (Status.UNKNOWN, (f"setfacl -m u:lexops:rx {root}/acme/in",))
        may("acme/in", 0o755)
        may("acme", 0)
        assert grants("*/in/*.xml") == (Status.UNKNOWN, (f"setfacl -m u:lexops:rx {root}/acme",))
        may("acme", 0o755)
        may("b b\n<<<end>>>", 0)
        assert look("*/in/*.xml").summary == f"drop: {root}/b b?<<<end>>> may not be read"
        may("b b\n<<<end>>>", 0o755)
        assert grants("*/in/*.xml") == (Status.OK, ())
    finally:
        subprocess.run(["chmod", "-R", "u+rwx", str(root)], check=True)
        shutil.rmtree(root)


@pytest.mark.fires("host.logs")
def test_a_line_in_a_log_is_told_across_a_rotation(named: Any, tmp_path: Path) -> None:
    path = tmp_path / "feed.log"
    patterns = {
        "disk": {"match": "No space left|PANIC", "severity": "critical"},
        "reject": {"match": "^reject"},
    }
    eye = named(logs={"feed": {"path": str(path), "patterns": patterns}})

    def add(text: str) -> None:
        with path.open("a") as log:
            log.write(text)

    add("PANIC: of last year\n")
    assert eye.follow("host.logs").status is Status.PENDING
    add("all is well\n")
    assert eye.follow("host.logs").status is Status.OK
    add("rejected 4711 of Acme\nPAN")
    found = eye.follow("host.logs")
    assert (found.status, found.total) == (Status.WARNING, 1)
    assert found.summary.startswith("feed: reject was found 1 time since ")
    assert "Acme" not in told(found)
    add("IC: no memory\n")
    assert eye.follow("host.logs").status is Status.CRITICAL
    add("PANIC before the rotation\n")
    path.rename(tmp_path / "feed.log.1")
    add("PANIC after it\nfine\n")
    rotated = eye.follow("host.logs")
    assert rotated.summary.startswith("feed: disk was found 3 times since ")
    path.write_text("PANIC\n")  # cut short in its place
    assert eye.follow("host.logs").summary.startswith("feed: disk was found 4 times since ")
    path.rename(tmp_path / "feed.log.1")
    add("fine\n")
    eye.follow("host.logs")
    later = datetime.now(UTC) + timedelta(hours=1)
    for _ in range(2):
        later += timedelta(hours=1)
        session = eye.session()
        memory = Memory(eye._memories["host.logs"], later)
        calm = observe(shipped("host.logs"), session, memory)
        session.close()
        eye._memories["host.logs"] = memory.packed()
    assert calm.status is Status.OK


def test_lines_of_a_log_are_shown_only_when_the_settings_say_so_and_masked(
    named: Any, tmp_path: Path
) -> None:
    path = tmp_path / "feed.log"
    path.touch()
    eye = named(logs={"feed": {"path": str(path), "patterns": {"e": {"match": "ERROR"}}, "show": True}})
    eye.follow("host.logs")
    path.write_text("ERROR invoice 2026-0815 of 'Acme' for anna@acme.example\x1b[31m refused\n")
    shown = told(eye.follow("host.logs"))
    assert "ERROR invoice … of … for" in shown
    for secret in ("0815", "Acme", "acme", "\x1b"):
        assert secret not in shown


def test_a_log_that_cannot_be_searched_is_never_fine(named: Any, tmp_path: Path) -> None:
    (tmp_path / "there.log").touch()
    patterns = {"bad": {"match": "a{1,99999}"}}
    logs = {name: {"path": f"{tmp_path}/{name}.log", "patterns": patterns} for name in ("there", "absent")}
    eye = named(logs=logs)
    eye.follow("host.logs")
    verdict = eye.follow("host.logs")
    assert (verdict.status, verdict.total) == (Status.UNKNOWN, 2)


def test_a_log_that_grows_too_fast_says_how_much_was_not_searched(named: Any, tmp_path: Path) -> None:
    path = tmp_path / "feed.log"
    path.touch()
    eye = named(logs={"feed": {"path": str(path), "patterns": {"e": {"match": "ERROR"}}}})
    eye.follow("host.logs")
    path.write_text("fine\n" * 100_000)
    assert [note.label for note in eye.follow("host.logs").notes] == ["feed"]


@pytest.mark.parametrize("how", ["away", "in its place"])
def test_a_log_whose_end_a_rotation_takes_away_says_so_once(named: Any, tmp_path: Path, how: str) -> None:
    path = tmp_path / "feed.log"
    path.write_text("fine\n" * 100)
    eye = named(logs={"feed": {"path": str(path), "patterns": {"e": {"match": "ERROR"}}}})
    eye.follow("host.logs")
    if how == "away":
        path.rename(tmp_path / "feed.log-20260317")
    path.write_text("fine\n")
    assert f"it is not in {path}.1" in told(eye.follow("host.logs"))
    assert not eye.follow("host.logs").notes


@pytest.mark.parametrize("rewritten", [1, 200])
def test_a_log_that_is_copied_and_emptied_is_searched_on_in_the_copy(
    named: Any, tmp_path: Path, rewritten: int
) -> None:
    path = tmp_path / "feed.log"
    path.write_text("".join(f"fine {number}\n" for number in range(100)))
    eye = named(logs={"feed": {"path": str(path), "patterns": {"e": {"match": "ERROR"}}}})
    eye.follow("host.logs")
    with path.open("a") as log:
        log.write("ERROR just before\n")
    shutil.copy(path, tmp_path / "feed.log.1")
    path.write_text("ERROR just after\n" * rewritten)  # the same inode, also past where it was searched
    verdict = eye.follow("host.logs")
    assert verdict.summary.startswith(f"feed: e was found {rewritten + 1} times since ")
    assert "rotation" not in told(verdict)


def test_what_a_log_told_is_not_forgotten_while_its_file_is_away(named: Any, tmp_path: Path) -> None:
    path = tmp_path / "feed.log"
    path.write_text("fine\n" * 100)
    eye = named(logs={"feed": {"path": str(path), "patterns": {"e": {"match": "ERROR"}}}})
    eye.follow("host.logs")
    with path.open("a") as log:
        log.write("ERROR before\n")
    eye.follow("host.logs")
    with path.open("a") as log:
        log.write("ERROR just before\n")
    path.rename(tmp_path / "feed.log.1")
    away = eye.follow("host.logs")
    assert away.status is Status.UNKNOWN
    assert {finding.key for finding in away.findings} == {"feed", "feed: e"}
    path.write_text("ERROR just after\n")
    assert eye.follow("host.logs").summary.startswith("feed: e was found 3 times since ")


HOSTILE = "$(touch {0}/pwned)'; touch {0}/pwned; `touch {0}/pwned` \" \\ | & > {0}/pwned #"


def test_nothing_that_stands_in_the_settings_is_run(named: Any, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    hostile = HOSTILE.format(folder)
    eye = named(
        processes={"p": {"match": hostile, "min": 0}},
        certificates=[f"/{hostile}", f"{folder}/{hostile}*"],
        files={"f": {"path": f"{folder}/{hostile}*", "min_count": 0}},
        logs={"l": {"path": f"/{hostile}", "patterns": {"x": {"match": "--help; touch pwned"}}}},
    )
    for check in ("processes", "certificates", "files", "logs"):
        eye.look(f"host.{check}")
    assert list(folder.iterdir()) == []


def test_a_name_that_begins_like_an_option_or_a_heading_is_only_a_name(named: Any, tmp_path: Path) -> None:
    folder = tmp_path / "<<<end>>>"
    folder.mkdir()
    (folder / "-rf\n<<<end>>>.txt").write_text("x")
    verdict = named(files={"f": {"path": f"{folder}/*", "min_count": 1}}).look("host.files")
    assert verdict.status is Status.OK


def test_files_on_a_mount_that_hangs_are_told_and_the_other_answers_come(machine: Machine) -> None:
    settings = {name: {"path": f"/srv/{name}/*", "max_count": 5} for name in ("a", "b", "c", "d", "e", "f")}
    machine.settings = {"files": settings, "certificates": ["/srv/g.pem"]}
    machine.program("xargs", "exec sleep 60")
    for name in settings:
        (machine.folder / name).mkdir()
        settings[name]["path"] = f"{machine.folder}/{name}/*"
    verdict = machine.look("host.files")
    assert (verdict.status, verdict.total) == (Status.UNKNOWN, 6)
    assert machine.look("host.load").status is not Status.UNKNOWN


def test_processes_that_the_kernel_hides_are_never_fine(machine: Machine) -> None:
    machine.settings = {"processes": {"feed": {"match": "."}}}
    machine._files["/proc/1/cmdline"] = machine.folder / "absent"
    hidden = machine.look("host.processes")
    assert (hidden.status, hidden.grants) == (
        Status.UNKNOWN,
        ("mount -o remount,hidepid=2,gid=lexops /proc",),
    )


def test_a_pattern_that_the_hosts_grep_does_not_know_asks_for_no_grant(machine: Machine) -> None:
    machine.settings = {"processes": {"feed": {"match": "a{1,99999}"}}}
    verdict = machine.look("host.processes")
    assert (verdict.status, verdict.summary) == (
        Status.UNKNOWN,
        "feed: the host's grep does not know a{1,99999}",
    )
    assert verdict.grants == ()


def test_facts_are_the_same_here_and_over_ssh(sshd: SSHServer) -> None:
    there = Eye(
        "host", address=sshd.address, identity=str(sshd.identity), known_hosts=str(sshd.known_hosts)
    ).session()
    here = Eye("host").session()
    try:
        steady = ("cpus", "memory_total", "swap_total", "threads_limit", "open_files_limit", "restart_needed")
        for name in steady:
            assert getattr(there.facts(), name) == getattr(here.facts(), name)
        assert replace(there.facts().mounts[0], free=0, inodes_free=0) == replace(
            here.facts().mounts[0], free=0, inodes_free=0
        )
    finally:
        there.close()
        here.close()
