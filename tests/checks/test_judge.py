"""Observations in, verdict out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from lexops.checks.judge import ITEM, KEPT, KEY, NAME, judge
from lexops.checks.model import Area, Check, Finding, Metric, Note, Status
from lexops.checks.thresholds import levels
from lexops.targets.model import Kind


def make_check(warn: str | None = None, crit: str | None = None) -> Check:
    return Check("x.y", "Title", Area.HEALTH, frozenset({Kind.SQLITE}), levels=levels(warn, crit))


def test_the_worst_item_decides_and_comes_first() -> None:
    mounts = [
        Metric("used", 10, "%", item="/"),
        Metric("used", 95, "%", item="/var"),
        Metric("used", 85, "%", item="/b"),
    ]
    verdict = judge(make_check("80", "90"), mounts)
    assert verdict.status is Status.CRITICAL
    assert [j.item for j in verdict.judged] == ["/var", "/b", "/"]
    assert verdict.summary == "/var: used 95 % (crit 90) and 1 more"


def test_limits_are_shown_with_their_share() -> None:
    verdict = judge(make_check("80%"), [Metric("connections", 42, limit=50)])
    assert verdict.summary == "connections 42 of 50 (84 %) (warn 80%)"


def test_a_share_far_above_its_limit_is_shown_as_a_number() -> None:
    verdict = judge(make_check("80%"), [Metric("connections", 1234, limit=100)])
    assert verdict.summary == "connections 1,234 of 100 (1,234 %) (warn 80%)"


def test_a_check_with_thresholds_that_sees_nothing_is_unknown() -> None:
    assert judge(make_check("80"), []).status is Status.UNKNOWN
    assert judge(make_check("80"), [Metric("x", 1, info=True)]).status is Status.UNKNOWN


def test_no_finding_is_fine_where_findings_are_looked_for() -> None:
    assert judge(make_check(), []).status is Status.OK


def test_a_percentage_without_a_limit_is_unknown_not_fine() -> None:
    assert judge(make_check("80%"), [Metric("x", 1)]).status is Status.UNKNOWN


def test_findings_are_all_counted_and_some_kept() -> None:
    verdict = judge(make_check(), [Finding(str(n), f"row {n}") for n in range(1000)])
    assert verdict.summary == "row 0 and 999 more"
    assert len(verdict.findings) == KEPT
    assert verdict.total == 1000
    assert verdict.notes[-1].text == "200 of 1,000 findings"


def test_notes_are_shown_but_not_judged() -> None:
    verdict = judge(make_check(), [Note("version", "15.18")])
    assert (verdict.status, verdict.summary) == (Status.OK, "version: 15.18")


@given(st.lists(st.builds(Finding, st.text(), st.text(max_size=300), st.sampled_from(Status))))
def test_untrusted_text_leaves_the_judge_clean(findings: list[Finding]) -> None:
    verdict = judge(make_check(), findings)
    for text in (verdict.summary, *(f.text for f in verdict.findings), *(f.key for f in verdict.findings)):
        assert all(ord(char) >= 0x20 or char in "\n\t" for char in text)


@given(st.lists(st.builds(Metric, st.just("m"), st.floats(), limit=st.none() | st.floats())))
def test_no_number_crashes_the_judge(metrics: list[Metric]) -> None:
    verdict = judge(make_check("80%", "90"), metrics)
    assert verdict.status is not Status.OK or metrics


def test_the_shortest_interval_is_accepted() -> None:
    assert make_check().every > timedelta()


def test_a_metric_with_thresholds_of_its_own_is_judged_by_them() -> None:
    own = replace(make_check("80"), levels_of={"age": levels("5", "9"), "size": levels()})
    verdict = judge(own, [Metric("age", 6), Metric("size", 1e9), Metric("used", 70)])
    assert [(j.status, j.text) for j in verdict.judged if j.status is Status.WARNING] == [
        (Status.WARNING, "age 6 (warn 5)")
    ]


def test_what_was_bad_has_to_be_clearly_good_again() -> None:
    check = make_check("80", "90")
    for value, before, after in (
        (85, "", Status.WARNING),
        (85, "CRITICAL", Status.CRITICAL),
        (80.5, "CRITICAL", Status.WARNING),
        (75, "CRITICAL", Status.WARNING),
        (75, "WARNING", Status.WARNING),
        (71, "CRITICAL", Status.OK),
        (71, "WARNING", Status.OK),
        (75, "", Status.OK),
    ):
        assert judge(check, [Metric("x", value)], standing={"x|": before}).status is after, (value, before)


def test_what_is_not_clearly_better_says_so() -> None:
    [judged] = judge(make_check("80"), [Metric("x", 75)], standing={"x|": "WARNING"}).judged
    assert judged.text == "x 75 (warn 80, not clearly better yet)"


def test_a_lower_bound_has_to_be_passed_clearly_too() -> None:
    check = make_check("24:")
    assert judge(check, [Metric("left", 25)], standing={"left|": "WARNING"}).status is Status.WARNING
    assert judge(check, [Metric("left", 27)], standing={"left|": "WARNING"}).status is Status.OK


def test_a_check_that_waits_for_a_second_look_is_pending() -> None:
    assert judge(make_check("80"), [], waits=True).status is Status.PENDING
    assert judge(make_check("80"), [Metric("other", 99)], waits=True).status is Status.WARNING


def test_no_name_is_longer_than_the_store_keeps_it_and_those_that_begin_alike_stay_apart() -> None:
    long = "/srv/" + "very-long-name/" * 40
    seen = [
        item
        for end in "ab"
        for item in (Metric(f"{long}{end}", 1, item=f"{long}{end}"), Finding(f"{long}{end}", "x"))
    ]
    verdict = judge(make_check(), seen)
    names = {metric.name for metric in verdict.metrics}
    items = {metric.item for metric in verdict.metrics}
    keys = {finding.key for finding in verdict.findings}
    for found, longest in ((names, NAME), (items, ITEM), (keys, KEY)):
        assert {len(each) for each in found} == {longest}
        assert len(found) == 2
    assert judge(make_check(), seen) == verdict


def test_a_name_that_fits_is_kept_as_it_is() -> None:
    item = "x" * ITEM
    assert judge(make_check(), [Metric("used", 1, item=item)]).metrics[0].item == item


@given(st.text(), st.text(), st.text())
def test_whatever_it_is_called_the_store_can_keep_it(name: str, item: str, key: str) -> None:
    verdict = judge(make_check(), [Metric(name * 90, 1, item=item * 90), Finding(key * 90, "x")])
    assert len(verdict.metrics[0].name) <= NAME
    assert len(verdict.metrics[0].item) <= ITEM
    assert len(verdict.findings[0].key) <= KEY
