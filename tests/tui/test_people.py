"""The queue, the page of an incident, who is on call, my work, the outbox and what is known: the keys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lexops.errors import InvalidRequest, LexOpsError, Refused, StoreError
from lexops.incidents.model import Entry, EntryKind, SavedView
from lexops.tui.duty import Duty, Work
from lexops.tui.feed import Feed
from lexops.tui.places import ArticlePlace, IncidentPlace, TriagePlace, WorkPlace
from lexops.tui.snapshot import Snapshot
from lexops.tui.views import Intent
from lexops.tui.widgets.filter_bar import FilterBar
from tests.clock import ManualClock
from tests.tui import duty as people
from tests.tui.conftest import Desk, desk
from tests.tui.port import INCIDENTS, FakePort, ago

CHILDREN = tuple(replace(INCIDENTS[0], id=n, title=f"Slow page {n}", parent=41) for n in (42, 43))


def ids(d: Desk) -> list[int]:
    return [each.id for each in d.list("incidents").rows]


class Choosy(FakePort):
    """Refuses what is asked about one incident."""

    def submit(self, intent: Intent) -> str:
        if intent.arguments.get("incident") == 39:
            raise Refused("#39 is somebody else's")
        return super().submit(intent)


# The queue


async def test_views_are_one_key_away_and_sorting_is_said() -> None:
    async with desk() as d:
        await d.press("3")
        assert " all 3 " in d.panel("#views") and "by priority" in d.panel(".title")
        await d.press("v")
        assert ids(d) == [39] and "1 of 3 open incidents, by next breach" in d.panel(".title")
        await d.press("V", "V")
        assert ids(d) == [38] and " certificates 1 " in d.panel("#views")
        await d.press("v", "s")
        assert "by next breach" in d.panel(".title")
        await d.press("s")
        assert ids(d) == [38, 39, 41] and "oldest first" in d.panel(".title")


async def test_the_filter_understands_facts_and_says_what_it_does_not() -> None:
    async with desk() as d:
        await d.press("3", "slash", "~owner:me,bo")
        assert ids(d) == [39]
        await d.press("enter", "escape", "slash", "~priority:P9", "enter")
        assert "p9 is no priority" in d.panel(".title") and ids(d) == [41, 38]  # as after the first letter
        await d.press("escape")
        assert "3 open incidents" in d.panel(".title") and not d.console.screen.query_one(FilterBar).text


async def test_a_filter_or_a_view_that_asks_for_what_is_over_shows_it_and_no_longer() -> None:
    ended = SavedView("ended", "ana", "state:resolved")
    async with desk(FakePort(on_duty=people.duty(views=(ended,)))) as d:
        await d.press("3", "slash", "~state:over,open", "enter")
        await d.until(lambda: ids(d) == [41, 38, 17])
        assert "3 of 4 incidents" in d.panel(".title")
        await d.press("escape")
        await d.until(lambda: ids(d) == [41, 38, 39])
        await d.press("V")
        await d.until(lambda: ids(d) == [17])
        await d.press("v")
        await d.until(lambda: ids(d) == [41, 38, 39])
        assert d.panel("#views").rstrip().endswith("ended")
        await d.press("t")
        await d.until(lambda: len(ids(d)) == 4 and d.panel("#views").rstrip().endswith("ended 1"))
        await d.press("slash", "~is:resolved", "enter", "escape")
        await d.until(lambda: len(ids(d)) == 4)


async def test_children_are_folded_under_their_parent() -> None:
    async with desk(FakePort(open=(*INCIDENTS, *CHILDREN))) as d:
        await d.press("3")
        assert ids(d) == [41, 38, 39] and "▸ 2" in d.screen_text()
        await d.press("f")
        assert ids(d) == [41, 42, 43, 38, 39] and "└ Slow page 42" in d.screen_text()
        assert "under #41" in d.screen_text()


async def test_an_act_on_those_marked_is_one_request_for_each_and_the_result_is_counted() -> None:
    async with desk(Choosy()) as d:
        await d.press("3", "m", "m", "m")
        assert "3 marked" in d.panel(".title")
        await d.press("n", "~known fault", "enter", "enter")
        await d.until(lambda: "2 of 3 done; #39: #39 is somebody else's" in d.toasts)
        assert d.port.asked == [
            ("incident.note", {"incident": 38, "text": "known fault"}),
            ("incident.note", {"incident": 41, "text": "known fault"}),
        ]
        await d.settle()
        assert "marked" not in d.panel(".title") and d.here == "IncidentsScreen"
        await d.press("home", "m", "escape")
        assert "marked" not in d.panel(".title")


async def test_when_none_of_those_marked_can_be_changed_the_form_stays() -> None:
    async with desk(FakePort(refuse=InvalidRequest("text: too long"))) as d:
        await d.press("3", "m", "m", "n", "~a", "enter", "enter")
        await d.until(lambda: "text: too long" in d.screen_text())
        assert d.here == "FormScreen" and "#38 #41" in d.screen_text()
        await d.press("escape", "a")
        await d.until(lambda: "text: too long" in d.toasts)
        assert "2 marked" in d.panel(".title")


async def test_what_cannot_be_done_with_an_incident_is_not_offered() -> None:
    async with desk(FakePort(offered=FakePort().offered[:14])) as d:
        await d.press("3")
        actions = {active.binding.id: active.enabled for active in d.console.screen.active_bindings.values()}
        assert actions["incident.acknowledge"] and not actions["incident.escalate"]
        await d.press("end")
        await d.settle()
        screen = d.console.screen
        assert "it has been taken" in screen.why_not("operate", ("incident.acknowledge",))  # type: ignore[attr-defined]
        assert "not offered" in screen.why_not("operate", ("incident.escalate",))  # type: ignore[attr-defined]


async def test_ten_thousand_incidents_scroll() -> None:
    many = tuple(replace(INCIDENTS[0], id=n, opened=ago(minutes=n)) for n in range(1, 10_001))
    async with desk(FakePort(open=many, clocks=()), (80, 24)) as d:
        await d.press("3")
        await d.until(lambda: len(ids(d)) == 10_000)
        await d.press("end")
        assert d.list("incidents").cursor == 9_999
        await d.press("slash", "~#9999")
        await d.until(lambda: ids(d) == [9_999])


# The page


async def test_the_page_of_an_incident_leads_on_from_the_row_under_the_cursor() -> None:
    async with desk(FakePort(open=(*INCIDENTS, *CHILDREN)), (160, 60)) as d:
        await d.press("3", "enter")
        text = d.screen_text()
        for said in ("WHO IS TOLD", "LISTED UNDER IT", "BELONGS TO IT", "SIMILAR", "ARTICLES", "TIMELINE"):
            assert said in text
        rows = d.list("about").rows
        for place, here in (
            (IncidentPlace(42), "IncidentScreen"),
            (ArticlePlace("standby-lag"), "ArticleScreen"),
        ):
            d.list("about").move_to(next(n for n, row in enumerate(rows) if row.place == place))
            await d.press("enter")
            assert d.here == here
            await d.press("escape")
        await d.press("tab")
        assert d.list("timeline").has_focus
        await d.press("enter")
        assert d.here == "CheckScreen"


async def test_every_act_on_an_incident_is_a_form_of_its_operation() -> None:
    titles = {each.name: each.title for each in FakePort().offered}
    acts = {
        "E": "incident.escalate",
        "A": "incident.assign",
        "l": "incident.link",
        "D": "incident.duplicate",
        "J": "incident.merge",
        "S": "incident.split",
        "i": "notice.update",
        "P": "article.promote",
    }
    async with desk(size=(120, 40)) as d:
        for where in ("3", "enter"):
            await d.press(where)
            for key, operation in acts.items():
                await d.pilot.press(key)
                await d.until(lambda: d.here == "FormScreen")
                assert titles[operation] in d.panel("#form-heading") and "41" in d.panel("#form-given")
                await d.pilot.press("escape")


async def test_an_article_of_how_it_was_solved_takes_two_keys() -> None:
    async with desk() as d:
        await d.press("3")
        await d.pilot.press("P")
        await d.until(lambda: d.here == "FormScreen")
        await d.pilot.press("ctrl+s")
        await d.until(lambda: d.port.asked == [("article.promote", {"incident": 41})])


async def test_watching_is_one_key_both_ways() -> None:
    async with desk() as d:
        await d.press("3", "W", "down", "W", "enter", "W")
        await d.until(lambda: len(d.port.asked) == 3)
        assert d.port.asked == [
            ("incident.watch", {"incident": 41, "operator": "ana"}),
            ("incident.unwatch", {"incident": 38, "operator": "ana"}),
            ("incident.unwatch", {"incident": 38, "operator": "ana"}),
        ]


async def test_the_newest_of_a_long_timeline_is_in_sight_on_the_smallest_screen() -> None:
    entries = tuple(
        Entry(ago(minutes=n), EntryKind.NOTE, "ana", f"step {n} of the search") for n in range(2_000, 0, -1)
    )
    async with desk(FakePort(timeline=entries, unknown=StoreError("a policy is damaged")), (80, 24)) as d:
        await d.press("3", "enter")
        await d.until(lambda: d.list("timeline").rows)
        text = d.screen_text()
        assert "step 1 of the search" in text and "a policy is damaged" in text and "resp" in text
        await d.press("tab", "end")
        assert "step 2000 of the search" in d.screen_text()
        d.port.timeline = (*entries, Entry(ago(), EntryKind.NOTE, "bo", "found it"))
        d.port.change()
        await d.until(lambda: len(d.list("timeline").rows) == 2_001)
        assert "step 2000 of the search" in d.screen_text()


# Rooms


async def test_who_is_on_call_is_shown_by_day_and_gaps_are_said() -> None:
    async with desk(size=(80, 24)) as d:
        await d.press("3", "O")
        text = d.screen_text()
        assert "an an an·bo bo" in text and "do do✖el✖el" in text and "✖ nobody now: vendor" in text
        assert "Mon 23 Nov 15:02 CET" in d.panel("#shifts")
        await d.press("down")
        assert "✖ nobody is on call" in d.panel("#shifts") and "Europe/London" in d.panel(".title")
        assert "Sun 22 Nov 14:02 GMT" in d.panel("#shifts"), "on the clocks on which an override is typed"
        await d.press("o")
        assert d.here == "FormScreen" and "portal" in d.screen_text()
        await d.press("escape", "greater_than_sign")
        first, second = d.port.spans_asked[0], d.port.spans_asked[-1]
        assert second[0] == first[1] and "5  6  7" in d.screen_text()


async def test_my_work_is_everything_that_waits_for_me() -> None:
    async with desk() as d:
        await d.press("3", "y")
        assert [each.kind for each in d.list("work").rows] == ["update", "mine", "watched", "shift"]
        await d.press("down", "n", "~on it", "enter", "enter")
        await d.until(lambda: d.port.asked)
        assert d.port.asked == [("incident.note", {"incident": 39, "text": "on it"})]
        await d.settle()
        await d.press("end", "enter")
        assert d.here == "OnCallScreen"


async def test_the_outbox_says_why_a_message_failed_and_asks_for_another_try() -> None:
    async with desk() as d:
        await d.press("3", "b")
        assert "2 open messages" in d.panel("#crumbs") and "connection refused" in d.screen_text()
        await d.press("t")
        assert "3 messages" in d.panel("#crumbs")
        await d.press("r")
        await d.until(lambda: d.port.asked == [("outbox.retry", {"message": 5})])
        await d.press("enter")
        assert "451 greylisted" in d.panel("#page") and "✖ failed" in d.panel("#crumbs")
        await d.press("i")
        assert d.here == "IncidentScreen"


@pytest.mark.parametrize(
    ("word", "screen"), [("on call", "OnCallScreen"), ("my work", "WorkScreen"), ("outbox", "OutboxScreen")]
)
async def test_the_rooms_are_a_jump_away_and_say_when_they_cannot_be_read(word: str, screen: str) -> None:
    async with desk() as d:
        d.port.unknown = StoreError("a rota is damaged", hint="see: lexops oncall list")
        await d.press("colon", f"~{word}", "enter")
        assert d.here == screen
        await d.until(lambda: "a rota is damaged" in d.toasts)
        for calm in ("nothing waits", "no rotas", "0 open messages"):
            assert calm not in d.screen_text()


async def test_my_work_says_that_it_could_not_be_read_rather_than_that_nothing_waits() -> None:
    async with desk(FakePort(open=())) as d:
        d.port.unknown = StoreError("a rota is damaged")
        await d.console.go(WorkPlace())
        await d.until(lambda: "not all of it could be read" in d.screen_text())
        d.port.unknown, d.port.own = None, Work()
        d.port.event += 1
        await d.until(lambda: "nothing waits for you" in d.screen_text())


# What is known


async def test_triage_has_what_was_done_before_and_what_is_written_down() -> None:
    async with desk(size=(100, 70)) as d:
        await d.console.go(TriagePlace("billing-db", "postgresql.replication_lag"))
        await d.settle()
        text = d.panel("#page")
        for said in ("BEFORE", "freed the disk, slot web2 dropped", "ARTICLES", "▲ stale"):
            assert said in text
        await d.press("b")
        assert d.here == "IncidentScreen" and "#17" in d.panel("#crumbs")
        await d.press("escape", "o")
        assert d.here == "ArticleScreen"
        assert "nobody" not in d.panel("#page") and "▲ stale: not reviewed for 13 months" in d.panel("#page")
        await d.press("r")
        assert d.here == "FormScreen" and "standby-lag" in d.screen_text()


@pytest.mark.parametrize("error", [StoreError("the index is gone")])
async def test_triage_works_without_the_search(error: LexOpsError) -> None:
    async with desk(FakePort(unknown=error), (100, 70)) as d:
        await d.console.go(TriagePlace("billing-db", "postgresql.replication_lag"))
        await d.settle()
        assert "▲ the index is gone" in d.panel("#page") and "MEANS" in d.panel("#page")


async def test_the_overview_says_at_a_glance_who_has_what_and_what_reached_nobody() -> None:
    duty = people.duty(unmanned=("dba",), undelivered=1, promises=(people.promise(),))
    async with desk(FakePort(on_duty=duty)) as d:
        text = d.screen_text()
        assert " → ana " in text and "nobody is on call: dba" in text and "1 page reached nobody" in text
        await d.press("tab", "enter")
        assert d.here == "OnCallScreen"


# Reading


def test_what_takes_long_to_read_of_people_is_read_less_often() -> None:
    time = ManualClock()

    class Slow(FakePort):
        def duty(self) -> Duty:
            time.advance(seconds=1)
            return self.on_duty

    seen: list[Snapshot] = []
    slow = Slow()
    feed = Feed(
        slow, lambda news: seen.append(news) if isinstance(news, Snapshot) else None, monotonic=time.monotonic
    )
    feed._look()
    slow.on_duty = people.duty(unmanned=("dba",))
    slow.change()
    feed._look()
    assert [each.duty.unmanned for each in seen] == [(), ()]
    time.advance(seconds=10)
    feed._look()
    assert seen[-1].duty.unmanned == ("dba",)
