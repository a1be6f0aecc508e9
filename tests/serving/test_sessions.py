"""What happens in a session, and how it ends."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import paramiko
import pytest

from lexops.tui.serving.session import TURN
from tests.clock import ManualClock
from tests.serving.conftest import Serve, is_running
from tests.waiting import until


def test_the_child_has_the_size_a_clean_environment_and_nothing_open(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("COLUMNS", "LINES", "STORE_PASSWORD", "PYTHONPATH"):
        monkeypatch.setenv(name, "80")
    report = serve().shell(width=140, height=45, term="tmux-256color").report()
    assert report["size"] == "140x45" and report["environment"]["TERM"] == "tmux-256color"
    assert set(report["environment"]) <= {
        "PATH",
        "HOME",
        "LANG",
        "TERM",
        "LC_CTYPE",
        "LEXOPS_LOG",
        "XDG_STATE_HOME",
    }
    assert report["descriptors"] == 3 and report["cwd"] == "/"
    assert "--" not in report["arguments"]


def test_resizes_reach_the_child_within_bounds(serve: Serve) -> None:
    screen = serve().shell(width=4_000_000_000, height=1)
    assert screen.report()["size"] == "500x5"
    screen.channel.resize_pty(60, 15)
    screen.until("SIZE 60x15")


def test_what_is_typed_is_heard_and_the_exit_status_comes_back(serve: Serve) -> None:
    serving = serve()
    screen = serving.shell()
    screen.report()
    screen.type("hello\n")
    screen.until("HEARD ['hello']")
    screen.type("quit 5\n")
    screen.rest()
    assert screen.channel.recv_exit_status() == 5
    [(operator, details)] = until(lambda: serving.recorded("session.closed"))
    assert operator == "alice" and details["status"] == 5 and details["reason"] == "left"


def test_a_command_has_its_output_errors_and_status(serve: Serve) -> None:
    serving = serve()
    code, output, errors = serving.run("sla report --month=2026-08")
    assert (code, errors) == (7, "to standard error\n")
    assert output.startswith("READY ") and '"--", "sla", "report", "--month=2026-08"' in output
    assert '"size": "none"' in output
    assert serving.recorded("session.opened")[0][1]["command"] == "sla report --month=2026-08"


@pytest.mark.parametrize(
    "command", ["status; id", "sh", "operator list", "status $(touch /tmp/x)", "", "status --site /tmp/x"]
)
def test_other_commands_are_refused_on_one_line(serve: Serve, command: str) -> None:
    serving = serve()
    code, output, errors = serving.run(command)
    assert (code, output) == (4, "") and errors.startswith(
        "LexOps: this cannot be run over SSH; allowed: status"
    )
    assert errors.count("\n") == 1
    assert serving.noted("STARTED") == [] and len(serving.recorded("session.refused")) == 1


def test_the_console_needs_a_terminal(serve: Serve) -> None:
    serving = serve()
    channel = serving.client().open_session(timeout=60)
    channel.invoke_shell()
    assert channel.recv_exit_status() == 1
    assert channel.makefile_stderr("rb").read() == b"LexOps: the console needs a terminal: ssh -t\n"
    assert channel.recv(10) == b"" and serving.noted("STARTED") == []


def test_a_dropped_line_hangs_up_on_the_child(serve: Serve) -> None:
    serving = serve()
    screen = serving.shell()
    screen.report()
    [pid] = serving.noted("STARTED")
    raw = serving.clients[-1].sock
    raw.close()
    until(lambda: serving.noted("SIGHUP") == [pid])
    until(lambda: not is_running(pid))
    [(_, details)] = until(lambda: serving.recorded("session.closed"))
    assert details["reason"] == "the line was lost" and details["status"] == 128 + signal.SIGHUP


def test_a_killed_client_leaves_nothing_behind(serve: Serve) -> None:
    from tests.serving.test_login import openssh

    serving = serve()
    client = subprocess.Popen(
        openssh(serving, "alice", "-tt", "127.0.0.1"), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        [pid] = until(lambda: serving.noted("STARTED"))
        client.kill()
        until(lambda: serving.noted("SIGHUP") == [pid] and not is_running(pid))
    finally:
        client.kill()
        client.communicate(timeout=60)


def test_a_child_that_does_not_hear_is_killed_with_its_offspring(serve: Serve) -> None:
    serving = serve(patience=timedelta(seconds=0.3))
    screen = serving.shell()
    screen.report()
    screen.type("offspring\nstubborn\n")
    screen.until("BORN")
    screen.until("DEAF")
    [pid] = serving.noted("STARTED")
    family = [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    assert len(family) == 1
    screen.channel.close()
    until(lambda: not any(map(is_running, [pid, *family])))


def test_what_a_child_leaves_running_ends_with_it(serve: Serve) -> None:
    serving = serve()
    screen = serving.shell()
    screen.report()
    screen.type("offspring\n")
    screen.until("BORN")
    [pid] = serving.noted("STARTED")
    [offspring] = [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    screen.type("quit 0\n")
    screen.rest()
    until(lambda: not is_running(offspring))


def test_a_client_that_does_not_read_costs_nothing_and_holds_up_nobody(serve: Serve) -> None:
    serving = serve()
    slow = serving.shell("alice")
    slow.report()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    slow.type("flood\n")
    until(lambda: len(slow.channel.in_buffer) > 1024 * 1024)
    [pid] = serving.noted("STARTED")
    until(lambda: _is_held_up(pid))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 24 * 1024
    other = serving.shell("bob")
    assert other.report()["arguments"][1] == "bob"
    other.type("hello\n")
    other.until("HEARD")


def _written(pid: int) -> int:
    """Characters that a process has written so far."""
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("wchar")))


def test_a_client_that_is_stopped_holds_up_nobody_and_is_cut_off_when_idle(
    serve: Serve, clock: ManualClock
) -> None:
    from tests.serving.test_login import openssh

    serving = serve(clock=clock)
    command = openssh(serving, "alice", "-tt", "127.0.0.1")
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        assert client.stdin is not None
        [pid] = until(lambda: serving.noted("STARTED"))
        client.stdin.write(b"flood\n")
        client.stdin.flush()
        until(lambda: _written(pid) > 1_000_000)
        client.send_signal(signal.SIGSTOP)
        until(lambda: _is_held_up(pid))
        assert serving.shell("bob").report()["arguments"][1] == "bob"
        clock.advance(minutes=31)
        until(lambda: not is_running(pid))
        clock.advance(minutes=1)
        until(lambda: "alice" in [operator for operator, _ in serving.recorded("session.closed")])
    finally:
        client.kill()
        client.communicate(timeout=60)


def _is_held_up(pid: int) -> bool:
    before = _written(pid)
    time.sleep(TURN * 2)
    return _written(pid) == before


def test_a_client_that_takes_nothing_at_all_is_cut_off_in_the_end(serve: Serve) -> None:
    serving = serve(patience=timedelta(seconds=0.3))
    screen = serving.shell()
    screen.report()
    screen.type("flood\n")
    until(lambda: len(screen.channel.in_buffer) > 1024 * 1024)
    [pid] = serving.noted("STARTED")
    serving.end()
    until(lambda: not is_running(pid))


def test_a_child_that_does_not_read_holds_up_its_client_only(serve: Serve) -> None:
    serving = serve()
    screen = serving.shell()
    screen.report()
    screen.type("sleep\n")
    screen.channel.settimeout(1.0)
    sent = 0
    with pytest.raises(TimeoutError):
        while sent < 10_000_000:
            sent += screen.channel.send(b"x" * 1000 + b"\n")
    assert sent < 1_000_000
    assert serving.shell("bob").report()


def test_an_idle_session_is_warned_and_ended(serve: Serve, clock: ManualClock) -> None:
    serving = serve(clock=clock)
    screen = serving.shell()
    screen.report()
    clock.advance(minutes=29, seconds=10)
    screen.until("will end soon, for nobody types")
    screen.type("here\n")
    screen.until("SIZE 80x24")  # so that the child draws over the warning
    clock.advance(minutes=29)
    screen.type("still here\n")
    screen.until("HEARD ['still'")
    clock.advance(minutes=31)
    screen.rest()
    assert screen.channel.recv_exit_status() == 128 + signal.SIGHUP
    assert b"session ended: nothing was typed for 30 min" in screen.channel.recv_stderr(1000)
    [(_, details)] = until(lambda: serving.recorded("session.closed"))
    assert details["reason"] == "nothing was typed for 30 min"


def test_no_session_is_longer_than_the_longest(serve: Serve, clock: ManualClock) -> None:
    serving = serve(clock=clock, idle=timedelta(days=2))
    screen = serving.shell()
    screen.report()
    clock.advance(hours=11, minutes=59, seconds=30)
    screen.until("will end soon, for it is long")
    clock.advance(minutes=1)
    screen.rest()
    assert b"it lasted 12 h" in screen.channel.recv_stderr(1000)


def test_sessions_are_limited_for_each_operator_and_for_all(serve: Serve) -> None:
    serving = serve(sessions=3, sessions_per_operator=2)
    open_now = [serving.shell("alice") for _ in range(2)]
    for screen in open_now:
        screen.report()
    code, _, errors = serving.run("status")
    assert code == 4 and "alice has 2 sessions open already" in errors
    open_now.append(serving.shell("bob"))
    open_now[-1].report()
    code, _, errors = serving.run("status", "bob")
    assert code == 4 and "3 sessions are open already" in errors
    open_now[0].type("quit 0\n")
    open_now[0].rest()
    until(lambda: serving.run("status", "alice")[0] == 7)  # it is counted until all of it is gone


def test_a_session_that_cannot_be_started_is_told_and_recorded_and_counted_no_longer(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = serve(sessions=1)
    monkeypatch.setattr("lexops.tui.serving.child.sys.executable", "/nonexistent/python")
    code, output, errors = serving.run("status")
    assert (code, output) == (3, "") and errors.startswith(
        "LexOps: the session could not be started: No such"
    )
    assert [details["reason"] for _, details in serving.recorded("session.closed")] == ["it failed"]
    monkeypatch.undo()
    until(lambda: serving.run("status")[0] == 7)  # it is counted until all of it is gone


def test_the_servers_end_ends_every_session_in_order(serve: Serve) -> None:
    serving = serve()
    screens = [serving.shell(name) for name in ("alice", "bob")]
    for screen in screens:
        screen.report()
    serving.end()
    for screen in screens:
        screen.rest()
        assert b"session ended: the server is ending" in screen.channel.recv_stderr(1000)
    assert {details["reason"] for _, details in serving.recorded("session.closed")} == {
        "the server is ending"
    }
    assert not any(map(is_running, serving.noted("STARTED")))


def test_a_client_that_ignores_its_window_is_cut_off(serve: Serve) -> None:
    serving = serve()
    screen = serving.shell()
    screen.report()
    screen.type("sleep\n")
    screen.channel.out_window_size = 2**30
    with pytest.raises((OSError, EOFError, paramiko.SSHException)):
        for _ in range(10_000):
            screen.channel.sendall(b"y" * 30_000)
    [(_, details)] = until(lambda: serving.recorded("session.closed"))
    assert details["reason"] == "the line was lost"


def test_a_killed_server_takes_its_sessions_along(tmp_path: Path) -> None:
    """Nobody is left to say goodbye: the kernel hangs up when the last master side is closed."""
    code = (
        "import sys, time; from lexops.tui.serving.child import Child\n"
        "from lexops.tui.serving.limits import Size\n"
        "child = Child([sys.executable, *sys.argv[1:]], {'PATH': '/bin:/usr/bin'}, Size(80, 24))\n"
        "time.sleep(60)"
    )
    log, stub = tmp_path / "log", Path(__file__).with_name("stub.py")
    server = subprocess.Popen([sys.executable, "-c", code, str(stub), str(log)])
    until(lambda: log.exists() and log.read_text())
    os.kill(server.pid, signal.SIGKILL)
    server.wait(60)
    until(lambda: "SIGHUP" in log.read_text())
