"""The screens that list what matters now, or all there is."""

from __future__ import annotations

import pytest

from lexops.errors import StoreError
from lexops.gate.model import State
from tests.tui.conftest import desk
from tests.tui.port import FakePort, request


@pytest.mark.parametrize(
    ("key", "where", "now", "everything"),
    [
        ("w", "#crumbs", "1 waiting request", "2 requests"),
        ("3", ".title", "3 open incidents", "4 incidents"),
    ],
)
async def test_a_list_counts_what_matters_now_all_and_what_a_filter_leaves(
    key: str, where: str, now: str, everything: str
) -> None:
    async with desk(FakePort(waiting=(request(),), ended=(request(9, State.DONE),))) as d:
        await d.press(key)
        assert now in d.panel(where)
        await d.press("t")
        assert everything in d.panel(where)
        await d.press("slash", "~no row has this", "enter")
        assert f"0 of {everything}" in d.panel(where)
        await d.press("c", "t")
        assert now in d.panel(where)


@pytest.mark.parametrize(("key", "id"), [("w", "requests"), ("3", "incidents")])
async def test_a_list_that_cannot_be_read_in_full_says_so_and_keeps_its_rows(key: str, id: str) -> None:
    async with desk(FakePort(waiting=(request(),))) as d:
        await d.press(key)
        before = d.list(id).rows
        d.port.error = StoreError("the store is locked", hint="wait a little")
        await d.press("t")
        assert "the store is locked" in d.toasts
        assert before and d.list(id).rows == before
