"""What names a log-in: the same for all its commands, another for any other."""

from __future__ import annotations

import shlex
import subprocess
import sys

import pytest

ASK = f"{shlex.quote(sys.executable)} -c 'from lexops.auth.identity import local_session as s; print(s().id)'"


def ids(*command: str, begin: bool = True) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, start_new_session=begin)
    if done.returncode:
        pytest.skip(f"{command[0]}: {done.stderr.strip()}")
    return done.stdout.split()


def test_all_commands_of_one_log_in_share_a_session_and_another_log_in_has_its_own() -> None:
    first = ids("sh", "-c", f"{ASK}; {ASK}")
    assert len(set(first)) == 1
    assert ids("sh", "-c", f"{ASK}; true") != first[:1]


def test_commands_whose_log_in_began_outside_their_container_share_a_session() -> None:
    contained = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]
    seen = ids(*contained, "sh", "-c", f"{ASK}; {ASK}", begin=False)
    assert len(seen) == 2 and len(set(seen)) == 1


def test_commands_left_behind_by_their_log_in_share_a_session() -> None:
    seen = ids("sh", "-c", f"(sleep 0.2; {ASK}; {ASK}) &")
    assert len(seen) == 2 and len(set(seen)) == 1
