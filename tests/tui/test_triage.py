"""Triage and the tree: what stands on the pages, and where their keys lead."""

from __future__ import annotations

import pytest

from lexops.checks.model import Status
from lexops.checks.triage import Change, Past
from lexops.checks.view import QuietSpan
from lexops.errors import InvalidRequest, NotFound
from lexops.tui.places import TreePlace, TriagePlace
from tests.tui.conftest import Desk, desk
from tests.tui.port import CHECK, NOW, OPERATIONS, REASON, TARGET, FakeOperation, FakeParameter, FakePort, ago

SILENCE = FakeOperation(
    "check.silence",
    "Silence a target",
    "change",
    (TARGET, FakeParameter("minutes", int, "how long"), REASON, CHECK),
)
ALL = FakeOperation("check.acknowledge-all", "Acknowledge all that fails", "change", (REASON, TARGET))
CHANGES = (
    Change(ago(minutes=14), "web-1", "Rebuild the index (done)", "bo", request=77),
    Change(ago(hours=2), "billing-db", "Restarted: 2 h ago", status=Status.WARNING),
)
PAST = (
    Past(
        17, "web-2", "Standby disk full", ago(days=240), ago(days=240, minutes=-22), "ben", "freed the disk"
    ),
)


def port(**more: object) -> FakePort:
    return FakePort(offered=(*OPERATIONS, SILENCE, ALL), changed=CHANGES, past=PAST, **more)  # type: ignore[arg-type]


async def open_triage(d: Desk) -> None:
    await d.console.go(TriagePlace("billing-db", "postgresql.replication_lag"))
    await d.settle()


@pytest.mark.parametrize("size", [(80, 60), (120, 60)])
async def test_the_page_has_everything_in_the_order_it_is_asked(size: tuple[int, int]) -> None:
    async with desk(port(), size) as d:
        await open_triage(d)
        text = d.panel("#page")
        order = ("CAUSE", "SEEN", "┄", "CHANGED", "BEFORE", "MEANS", "WHY", "DO")
        places = [text.index(said) for said in order]
        assert places == sorted(places)
        for said in (
            "? UNKNOWN web-2 host.ssh",
            "probably: its host is down; 3 checks behind it cannot be reached",
            "replay lag 850 s, crit 300",
            "web2 inactive since 13:49",
            "Rebuild the index (done)",
            "bo #77  2 min before",
            "▲ Restarted: 2 h ago",
            "#17",
            "in 22 min (ben): freed the disk",
            "runbook free-standby-disk",
            "incident #41",
        ):
            assert said in " ".join(text.split()) or said in text, said
        assert "billing-db › postgresql.replication_lag › triage" in d.screen_text()


async def test_what_came_after_a_check_turned_well_is_not_called_before() -> None:
    later = Change(ago(minutes=1), "web-1", "Reload the settings (done)", "cleo", request=78)
    async with desk(FakePort(offered=OPERATIONS, changed=(later,)), (120, 60)) as d:
        await open_triage(d)
        assert "cleo #78" in d.panel("#page")
        assert "0 s before" not in d.panel("#page")


async def test_it_is_one_key_from_overview_health_check_and_incident() -> None:
    async with desk(port()) as d:
        await d.press("t")
        await d.until(lambda: d.here == "TriageScreen")
        await d.press("escape", "2", "t")
        await d.until(lambda: d.here == "TriageScreen")
        await d.press("escape", "enter", "t")
        await d.until(lambda: d.here == "TriageScreen")
        await d.press("escape", "3", "enter", "t")
        await d.until(lambda: d.here == "TriageScreen")


async def test_its_keys_lead_on_and_act() -> None:
    async with desk(port()) as d:
        await open_triage(d)
        await d.press("r")
        place = {"target": "billing-db", "check": "postgresql.replication_lag"}
        await d.until(lambda: d.port.asked == [("check.run", place)])
        await d.press("s", "~30", "tab", "~known", "enter", "enter")
        await d.until(lambda: len(d.port.asked) == 2)
        assert d.port.asked[1] == ("check.silence", {**place, "minutes": 30, "reason": "known"})
        await d.settle()
        await d.press("l")
        assert d.here == "ActivityScreen"
        await d.press("escape", "t")
        assert d.here == "TriageScreen" and "web-2 › host.ssh › triage" in d.screen_text()
        await d.press("escape", "i")
        assert d.here == "IncidentScreen"
        await d.press("escape", "enter")
        assert d.here == "CheckScreen"


async def test_the_metric_can_be_changed_and_a_check_that_is_gone_is_said() -> None:
    async with desk(port()) as d:
        await open_triage(d)
        await d.press("m")
        assert "held WAL" in d.panel("#page")
        d.port.error = NotFound("there is no such check", hint="see: lexops check list")
        await d.console.go(TriagePlace("billing-db", "gone"))
        await d.until(lambda: d.crashes or "there is no such check" in d.panel("#page"))
        assert not d.crashes


async def test_everything_failing_on_a_target_is_acknowledged_with_one_key() -> None:
    async with desk(port()) as d:
        await d.press("2", "A", "~fixing", "enter", "enter")
        await d.until(lambda: d.port.asked)
        assert d.port.asked == [("check.acknowledge-all", {"target": "billing-db", "reason": "fixing"})]


async def test_the_tree_has_hosts_before_what_runs_on_them_and_only_what_fails() -> None:
    async with desk(port(), (100, 40)) as d:
        await d.press("2", "v")
        assert d.here == "TreeScreen"
        shown = [(row.node.target.name, row.depth) for row in d.list("tree").rows if row.check is None]
        assert shown == [("trust-db", 0), ("web-1", 0), ("billing-db", 1), ("portal", 1), ("web-2", 0)]
        failing = [row.check.check for row in d.list("tree").rows if row.check]
        assert "postgresql.replication_lag" in failing and "host.disk" not in failing and len(failing) == 4
        await d.press("v")
        assert len(d.list("tree").rows) > 100


async def test_downtimes_silences_and_freezes_stand_below_the_tree() -> None:
    spans = (
        QuietSpan("silence", "portal", "", ago(minutes=5), ago(minutes=-25), "certificate is coming", "ana"),
        QuietSpan("freeze", "production", "", ago(days=-3), ago(days=-10), "year end"),
    )
    async with desk(port(spans=spans)) as d:
        await d.console.go(TreePlace())
        await d.settle()
        text = d.panel("#quiet")
        assert "silence   portal  for another 25 min  certificate is coming, ana" in text
        assert "freeze    production  in 3 d, for 7 d  year end" in text


async def test_from_the_tree_one_goes_to_triage_and_check() -> None:
    async with desk(port()) as d:
        await d.console.go(TreePlace())
        await d.settle()
        rows = d.list("tree").rows
        d.list("tree").move_to(next(index for index, row in enumerate(rows) if row.check))
        await d.press("enter")
        assert d.here == "CheckScreen"
        await d.press("escape", "t")
        await d.until(lambda: d.here == "TriageScreen")


def test_the_moment_of_the_drawing_stands_still() -> None:
    assert NOW == ago()


async def test_a_freeze_is_declared_below_the_tree_whatever_is_selected() -> None:
    async with desk(port()) as d:
        await d.console.go(TreePlace())
        await d.press("f", "~2d", "tab", "~month end")
        await d.push("#go")
        await d.until(lambda: d.port.asked)
        assert d.port.asked == [("freeze.start", {"until": "2d", "reason": "month end"})]


async def test_a_refused_form_goes_to_the_field_that_is_named_and_the_next_enter_loses_nothing() -> None:
    async with desk(port()) as d:
        d.port.refuse = InvalidRequest("reason: too long", hint="at most 10,000 characters")
        await d.console.go(TreePlace())
        await d.press("f", "~2d", "enter", "~month end", "enter", "enter")
        await d.until(lambda: "too long" in d.panel("#form-error"))
        assert d.console.focused is d.console.screen.query_one("#field-1")
        await d.press("enter")
        assert d.here == "FormScreen"
