"""The decisions about callers, sessions and words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lexops.config import ServeSettings
from lexops.tui.serving.child import environment
from lexops.tui.serving.limits import (
    ADDRESSES,
    Callers,
    Size,
    Verdict,
    allowed_words,
    displaced,
    refusal,
    size,
    terminal_name,
    verdict,
)

SETTINGS = ServeSettings()
COMMANDS = SETTINGS.commands


@pytest.mark.parametrize(
    "line", ["status", "status --json", "sla report --month=2026-08 --format csv", "incident list --all"]
)
def test_a_command_on_the_list_may_have_plain_words_after_it(line: str) -> None:
    assert allowed_words(COMMANDS, line) == tuple(line.split())


@pytest.mark.parametrize(
    "line",
    [
        "",
        "sh",
        "operator list",
        "incident",
        "incident open",
        "statuses",
        "Status",
        " status",
        "status  --json",
        "status\t--json",
        "status; id",
        "status;id",
        "status && id",
        "status | sh",
        "status $(id)",
        "status `id`",
        "status > /tmp/x",
        "status /etc/passwd",
        "status ../x",
        "status ~",
        "status -o",
        "status --site /tmp/x",
        "status --site=x",
        "status --output=/tmp/x",
        "status 'a b'",
        'status "a"',
        "status \\",
        "status\nid",
        "status \x1b[2J",
        "status \x00",
        "status ä",
        "status " + "a" * 2000,
    ],
)
def test_nothing_else_may_be_run(line: str) -> None:
    assert allowed_words(COMMANDS, line) is None


@given(
    some.text(alphabet=some.sampled_from("status-= ;&|$`'\"\\<>()*?~/\n\r\t\x00\x1b#!{}[]%^ä"), max_size=60)
)
def test_whatever_passes_means_nothing_to_a_shell(rest: str) -> None:
    words = allowed_words(COMMANDS, f"status {rest}")
    assert words is None or not set("".join(words)) & set(";&|$`'\"\\<>()*?~/\n\r\t\x00\x1b#!{}[]%^ ")


def test_sessions_are_counted_for_all_and_for_each() -> None:
    assert refusal(SETTINGS, ["ana"] * 2 + ["ben"] * 3, "ana") is None
    assert "ana has 3 sessions" in str(refusal(SETTINGS, ["ana"] * 3, "ana"))
    assert "10 sessions are open" in str(refusal(SETTINGS, [str(n) for n in range(10)], "ana"))


def test_a_session_is_warned_and_ended_by_idleness_and_by_age() -> None:
    minutes = 60.0
    assert verdict(SETTINGS, 0, 0, 28 * minutes) is Verdict.GO_ON
    assert verdict(SETTINGS, 0, 0, 29.5 * minutes) is Verdict.WARN_IDLE
    assert verdict(SETTINGS, 0, 0, 30 * minutes) is Verdict.IDLE
    assert verdict(SETTINGS, 0, 29 * minutes, 30 * minutes) is Verdict.GO_ON
    assert verdict(SETTINGS, 0, 719 * minutes, 719.5 * minutes) is Verdict.WARN_LONG
    assert verdict(SETTINGS, 0, 719 * minutes, 720 * minutes) is Verdict.LONG
    assert verdict(SETTINGS, 0, None, 100 * minutes) is Verdict.GO_ON
    assert verdict(SETTINGS, 0, None, 720 * minutes) is Verdict.LONG


def test_room_is_made_by_the_oldest_of_the_busiest_address() -> None:
    few = ServeSettings(waiting=4)
    assert displaced(few, {1: "a", 2: "b", 3: "b"}) is None
    assert displaced(few, {1: "a", 2: "b", 3: "b", 4: "c"}) == 2


@given(some.lists(some.sampled_from("abc"), max_size=12))
def test_no_more_wait_than_allowed(addresses: list[str]) -> None:
    few, waiting = ServeSettings(waiting=4), {}
    for number, address in enumerate(addresses):
        if (gone := displaced(few, waiting)) is not None:
            del waiting[gone]
        waiting[number] = address
        assert len(waiting) <= 4 and number in waiting


def test_calls_in_vain_are_forgotten_after_a_minute() -> None:
    callers = Callers(attempts=2)
    assert not callers.failed("a", 0)
    assert callers.failed("a", 30)
    assert callers.is_barred("a", 59) and not callers.is_barred("b", 59)
    assert not callers.is_barred("a", 61)


def test_memory_of_callers_is_bounded() -> None:
    callers = Callers(attempts=2)
    for number in range(ADDRESSES + 500):
        callers.failed(str(number), 0)
    assert len(callers._calls) <= ADDRESSES


@given(some.integers(0, 2**32 - 1), some.integers(0, 2**32 - 1))
def test_any_size_becomes_one_that_can_be_drawn(width: int, height: int) -> None:
    made = size(width, height)
    assert 20 <= made.width <= 500 and 5 <= made.height <= 200
    assert size(made.width, made.height) == made == Size(made.width, made.height)


def test_only_known_terminals_are_believed() -> None:
    assert terminal_name("tmux-256color") == "tmux-256color"
    assert terminal_name("../../etc/terminfo") == terminal_name("\x1b]0;") == "xterm-256color"


def test_a_child_gets_no_secret_no_size_and_nothing_unknown() -> None:
    own = {"PATH": "/bin", "HOME": "/home/x", "LANG": "de_CH.UTF-8", "STORE_PASSWORD": "s", "LINES": "24"}
    assert environment(own, "vt100") == {
        "PATH": "/bin",
        "HOME": "/home/x",
        "LANG": "de_CH.UTF-8",
        "TERM": "vt100",
    }
    assert environment({}, None)["LANG"] == "C.UTF-8"


def test_the_settings_take_no_command_with_more_than_words() -> None:
    assert ServeSettings(idle=timedelta(minutes=5)).idle == timedelta(minutes=5)
    with pytest.raises(ValueError, match="pattern"):
        ServeSettings(commands=["status; id"])
