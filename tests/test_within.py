"""A time limit for what knows none."""

from __future__ import annotations

import threading
import time

import pytest

from lexops.within import Overdue, within
from tests.waiting import PATIENCE


def test_what_is_done_in_time_is_given() -> None:
    assert within(PATIENCE, lambda: 7, "adding") == 7


def test_what_is_raised_in_time_is_raised() -> None:
    def act() -> None:
        raise KeyError("seven")

    with pytest.raises(KeyError, match="seven"):
        within(PATIENCE, act, "looking")


def test_a_time_limit_of_its_own_is_told_from_ours() -> None:
    def act() -> None:
        raise TimeoutError("the server's")

    with pytest.raises(TimeoutError, match="the server's"):
        within(PATIENCE, act, "asking")


def test_what_hangs_is_left_behind_under_its_name() -> None:
    end = threading.Event()
    began = time.monotonic()
    try:
        with pytest.raises(Overdue, match=r"0\.05 s"):
            within(0.05, lambda: end.wait(PATIENCE), "hanging")
        assert time.monotonic() - began < PATIENCE / 2
        (left,) = [each for each in threading.enumerate() if each.name == "hanging"]
        assert left.daemon
    finally:
        end.set()
    left.join(PATIENCE)
    assert not left.is_alive()
