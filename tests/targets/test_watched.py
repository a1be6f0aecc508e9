"""What the settings name of a host becomes shell that is safe, and answers become values."""

from __future__ import annotations

import shlex
import subprocess
import threading
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.config import HostSettings
from lexops.errors import QueryFailed, TimedOut, Unreachable
from lexops.targets import watched
from lexops.targets.local import LocalShell, portable_facts
from lexops.targets.model import Files, Log, LogFile, LogMatch
from tests.waiting import PATIENCE

SETTINGS = HostSettings.model_validate(
    {
        "kind": "host",
        "units": ["feed.service", "mail.service"],
        "processes": {"feed": {"match": "feed"}},
        "certificates": ["/a.pem", "/b.pem"],
        "files": {"out": {"path": "/srv/in box/*/[a-z]*.txt", "newest": "1d"}},
        "logs": {
            "feed": {"path": "/var/log/feed.log", "patterns": {"one": {"match": "x"}, "two": {"match": "y"}}}
        },
    }
)
TEXT = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=40)


@given(TEXT, TEXT)
def test_whatever_the_settings_say_arrives_as_words(path: str, pattern: str) -> None:
    settings = SETTINGS.model_copy(
        update={
            "units": [],
            "certificates": [f"/{path}"],
            "processes": {"p": SETTINGS.processes["feed"].model_copy(update={"match": pattern})},
            "files": {},
            "logs": {},
        }
    )
    words = [shlex.split(line) for line in watched.calls(settings)]
    assert words == [["commands"], ["running", "0", pattern], ["certificates", "0", f"/{path}"]]


def test_a_shell_hands_on_exactly_what_stands_in_the_settings() -> None:
    hostile = "/a'b\"c $(id) `id` \\ ; & | * ? é"
    settings = HostSettings.model_validate({"kind": "host", "certificates": [hostile]})
    [call] = watched.calls(settings)
    done = subprocess.run(
        ["/bin/sh"], input=f'certificates() {{ printf %s "$2"; }}\n{call}', capture_output=True, text=True
    )
    assert done.stdout == hostile


@pytest.mark.parametrize(
    ("path", "folder"),
    [("/a/b.txt", "/a"), ("/a/b c/*.txt", "/a/b c"), ("/a/*/b", "/a"), ("/*.txt", "/"), ("/a/[x]/b?", "/a")],
)
def test_the_folder_of_a_pattern_ends_before_its_first_wildcard(path: str, folder: str) -> None:
    assert watched.folder_of(path) == folder


def test_answers_are_read() -> None:
    sections = {
        "unit states": ["ActiveState=active", "", "ActiveState=failed"],
        "running 0": ["2"],
        "certificates 0": ["denied"],
        "certificates 1": ["seen"],
        "files 0": ["seen 2 300 1000 1900"],
        "log 0": [
            "file 7 100 200 9",
            "match 1 5",
            "match 0 9:secret",
            "broken 1",
            "file 6 0 50 0",
            "match 0 3",
        ],
    }
    assert watched.unit_states(SETTINGS, sections) == {"feed.service": "active", "mail.service": "failed"}
    assert dict(watched.running(SETTINGS, sections)) == {"feed": 2}
    assert dict(watched.certificates(SETTINGS, sections)) == {"/a.pem": None, "/b.pem": ()}
    assert dict(watched.files(SETTINGS, sections, 2000.0)) == {"out": Files("seen", 2, 300, 1000.0, 100.0)}
    files = (
        LogFile(7, 100, 200, 9, (LogMatch("two", 105), LogMatch("one", 109))),
        LogFile(6, 0, 50, 0, (LogMatch("one", 3),)),
    )
    assert dict(watched.logs(SETTINGS, sections)) == {"feed": Log("seen", files, ("two",))}


SECTIONS = st.dictionaries(
    st.sampled_from(["unit states", "running 0", "certificates 0", "certificates 1", "files 0", "log 0"]),
    st.lists(
        st.sampled_from(
            ["seen", "seen 1 2 3 4", "file 1 2 3 4", "match 0 1:x", "match 9 1", "broken 7", "absent"]
        )
        | st.text(max_size=20),
        max_size=6,
    ),
)


@given(SECTIONS)
def test_garbage_of_a_host_becomes_values_or_nothing(sections: dict[str, list[str]]) -> None:
    watched.unit_states(SETTINGS, sections)
    for _ in watched.running(SETTINGS, sections), watched.certificates(SETTINGS, sections):
        dict(_)
    dict(watched.files(SETTINGS, sections, 0.0))
    dict(watched.logs(SETTINGS, sections))


def test_a_line_of_a_log_is_shown_without_what_tells_of_whom_it_speaks() -> None:
    line = "ERROR 4711 'Acme \"Ltd\"' anna@acme.example INV-2026/17 \x1b[0m refused"
    shown = watched.masked(line)
    assert shown.startswith("ERROR … … …")
    assert not any(secret in shown for secret in ("4711", "Acme", "anna", "2026", "\x1b"))


# The shell of this machine.


def test_a_script_that_takes_too_long_is_killed_with_all_it_has_started() -> None:
    shell, started = LocalShell("web"), time.monotonic()
    with pytest.raises(TimedOut):
        shell.run("sleep 120 | sleep 120", 0.3)
    assert time.monotonic() - started < PATIENCE
    with pytest.raises(TimedOut):
        shell.run("echo", 1)


def test_an_abort_ends_a_script_of_this_machine() -> None:
    shell = LocalShell("web")
    threading.Timer(0.2, shell.abort).start()
    with pytest.raises(TimedOut, match="took too long"):
        shell.run("sleep 120", 120)


def test_an_abort_while_the_shell_is_started_ends_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    shell, start = LocalShell("web"), subprocess.Popen

    def aborted_meanwhile(*given: Any, **more: Any) -> subprocess.Popen[bytes]:
        shell.abort()
        return start(*given, **more)

    monkeypatch.setattr(subprocess, "Popen", aborted_meanwhile)
    started = time.monotonic()
    with pytest.raises(TimedOut, match="took too long"):
        shell.run("sleep 120", 120)
    assert time.monotonic() - started < PATIENCE


def test_a_closed_shell_runs_nothing_and_one_that_prints_too_much_is_an_error() -> None:
    shell = LocalShell("web")
    with pytest.raises(QueryFailed, match="1024 KiB"):
        shell.run("head -c 2000000 /dev/zero", 60)
    shell.close()
    with pytest.raises(Unreachable, match="closed"):
        shell.run("echo", 1)


def test_a_machine_without_proc_tells_the_little_it_can() -> None:
    facts = portable_facts()
    assert 0 < facts.memory_available <= facts.memory_total
    assert facts.mounts[0].path == "/"
    assert facts.processes > 1
