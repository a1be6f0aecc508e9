"""Commands in processes of their own, as scripts run them.

Each is a fork of a process that has loaded LexOps already: loading it anew takes most of a command's second,
and that it loads is asked by others (tests/architecture/test_imports.py, and every command on a terminal).
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import traceback
from functools import cache
from pathlib import Path

from tests.terminal import Terminal

TIMEOUT = 90
_started: list[subprocess.Popen[bytes]] = []
_STATUS = 8
"""Digits of an exit code on the wire, with blanks."""


def lexops(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, with nobody at its standard input."""
    out, err = (os.memfd_create(name) for name in ("out", "err"))
    asked, answer = socket.socketpair()
    wanted = {"arguments": arguments, "folder": str(folder), "environment": os.environ | _own(folder)}
    with asked, answer:
        asked.settimeout(TIMEOUT)
        _warm().sendall(f"{len(data := json.dumps(wanted).encode()):{_STATUS}}".encode() + data)
        socket.send_fds(_warm(), [b"!"], [out, err, answer.fileno()])
        code = int(asked.recv(_STATUS, socket.MSG_WAITALL))
    said = [_content(each) for each in (out, err)]
    return subprocess.CompletedProcess(["lexops", *arguments], code, *said)


def at_terminal(folder: Path, *arguments: str) -> Terminal:
    """Run a command in a folder, with a person at a terminal."""
    return Terminal([sys.executable, "-m", "lexops", *arguments], folder=folder, **_own(folder))


def _own(folder: Path) -> dict[str, str]:
    """What keeps a command from the files of whoever runs the tests."""
    state = folder / "state"
    return {"LEXOPS_LOG": str(folder / "log"), "LEXOPS_SITE": "", "XDG_STATE_HOME": str(state)}


def _content(descriptor: int) -> str:
    with os.fdopen(descriptor, "rb") as file:
        file.seek(0)
        return file.read().decode()


@cache
def _warm() -> socket.socket:
    """The process that forks. It ends when this one does, since nobody asks it any more."""
    ours, its = socket.socketpair()
    with its:
        command = [sys.executable, "-m", __name__, str(its.fileno())]
        _started.append(subprocess.Popen(command, pass_fds=[its.fileno()]))
    return ours


def _serve(asked: socket.socket) -> None:
    _load()
    while length := asked.recv(_STATUS, socket.MSG_WAITALL):
        wanted = json.loads(asked.recv(int(length), socket.MSG_WAITALL))
        _, (out, err, answer), _, _ = socket.recv_fds(asked, 1, 3)
        if os.fork() == 0:
            _report(asked, out, err, answer, wanted)
        for descriptor in (out, err, answer):
            os.close(descriptor)


def _report(asked: socket.socket, out: int, err: int, answer: int, wanted: dict[str, object]) -> None:
    """Run a command in a child, and tell its exit code whatever becomes of it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        asked.close()
        os.close(answer)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os._exit(_run(wanted))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.write(answer, f"{code:{_STATUS}}".encode())
    os._exit(0)


def _run(wanted: dict[str, object]) -> int:
    from lexops.app import main

    os.chdir(str(wanted["folder"]))
    os.environ.clear()
    os.environ.update(wanted["environment"])  # type: ignore[call-overload]
    sys.argv = ["lexops", *wanted["arguments"]]  # type: ignore[misc]
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _load() -> None:
    """What most commands load."""
    import lexops.checks.registry
    import lexops.cli.main
    import lexops.gate
    import lexops.site  # noqa: F401
    from lexops.app import operations

    operations()


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _serve(socket.socket(fileno=int(sys.argv[1])))
