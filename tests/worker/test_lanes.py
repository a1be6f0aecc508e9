"""Which targets stay together, and how workers share them."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lexops.config import load
from lexops.worker.lanes import excess, fair_share, lanes
from tests.sites import write_site


def _lanes(folder: Path, text: str) -> dict[str, str]:
    return lanes(load(write_site(folder, text)).settings.targets)


def test_targets_of_one_server_or_host_stay_together(tmp_path: Path) -> None:
    text = "\n".join(
        [
            '[targets.a]\nkind = "postgresql"\nurl = "postgresql://x@db1:5432/a"',
            '[targets.b]\nkind = "postgresql"\nurl = "postgresql://x@db2:5432/b"\nhost = "metal"',
            '[targets.c]\nkind = "postgresql"\nurl = "postgresql://x@db1:5432/c"',
            '[targets.metal]\nkind = "host"\naddress = "ops@metal"',
            '[targets.d]\nkind = "postgresql"\nurl = "postgresql://x@db3:5432/d"\nhost = "metal"',
            '[targets.e]\nkind = "endpoint"\nurl = "https://portal.example.com/health"',
        ]
    )
    assert _lanes(tmp_path, text) == {"a": "a", "b": "b", "c": "a", "metal": "b", "d": "b", "e": "e"}


def test_what_joins_two_lanes_makes_them_one(tmp_path: Path) -> None:
    text = "\n".join(
        [
            '[targets.a]\nkind = "postgresql"\nurl = "postgresql://x@db1:5432/a"',
            '[targets.b]\nkind = "postgresql"\nurl = "postgresql://x@db2:5432/b"\nhost = "metal"',
            '[targets.c]\nkind = "postgresql"\nurl = "postgresql://x@db1:5432/c"\nhost = "metal"',
            '[targets.metal]\nkind = "host"\naddress = "ops@metal"',
        ]
    )
    assert set(_lanes(tmp_path, text).values()) == {"a"}


@given(st.integers(0, 200), st.integers(1, 20))
def test_shares_are_enough_for_all_lanes_and_no_larger_than_needed(count: int, workers: int) -> None:
    share = fair_share(count, workers)
    assert share * workers >= count
    assert share == 0 or (share - 1) * workers < count


@given(st.sets(st.text("abc", min_size=1)), st.integers(0, 10), st.sets(st.text("abc", min_size=1)))
def test_what_is_given_back_is_over_the_share_and_not_being_looked_at(
    mine: set[str], share: int, busy: set[str]
) -> None:
    given_back = excess(mine, share, busy)
    assert given_back <= mine - busy
    assert len(given_back) == min(max(0, len(mine) - share), len(mine - busy))
