"""Two consoles on one real site: what one operator asks for, the other approves."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from textual.widgets import Input

from lexops.auth import totp
from lexops.auth.identity import Session
from lexops.config import SiteFile
from lexops.site import Site
from lexops.store.database import Store
from lexops.tui.places import RequestPlace
from lexops.tui.site_port import SitePort
from tests.gates import SECRET, World, world
from tests.tui.conftest import Desk, desk
from tests.tui.test_hostile import NASTY


@pytest.fixture
def wall(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A production site with its people, and a home for what their consoles remember."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    made = world(store, tmp_path)
    (tmp_path / "lexops-keys").symlink_to(tmp_path / "keys")
    return made


def port(wall: World, who: str, *, read_only: bool = False) -> SitePort:
    session = Session(who, "key", f"{who}'s", remote="10.0.0.7", read_only=read_only)
    file: SiteFile = wall.gate.file
    return SitePort(Site(file, wall.clock, wall.store, wall.gate, session))


def code(wall: World) -> str:
    """What everybody's authenticator shows now; the clock moves on, since none is accepted twice."""
    wall.clock.advance(seconds=60)
    return totp.code_of(SECRET, totp.step_at(wall.clock.now()))


async def prove(d: Desk, wall: World, said: str) -> None:
    await d.until(lambda: d.here == "StepUpScreen")
    await d.settle()
    assert said in d.screen_text()
    await d.press(f"~{code(wall)}", "enter")


async def rebuild(d: Desk, *, why: str = "") -> None:
    """Ask for the wall to be rebuilt, as far as the second factor."""
    d.console.operate("wall.rebuild", {"target": "wall"})
    await d.until(lambda: d.here == "FormScreen")
    await d.settle()
    await d.push("#go")
    await d.until(lambda: d.here == "ConfirmScreen")
    await d.settle()
    for said in ("Rebuild a wall wall", " PRODUCTION ", "tear wall down", "build it again"):
        assert said in d.screen_text(), said
    if why:
        await d.push("#glass")
        await d.settle()
        d.console.screen.query_one("#glass-reason", Input).value = why
    d.console.screen.query_one("#confirm-word", Input).value = "wall"
    await d.push("#go")


def test_names_in_the_record_are_shown_to_whoever_may_read_them(wall: World) -> None:
    wall.submit("sam", "wall.paint", target="wall")
    pseudonym = wall.id_of("sam")
    for who, shown in (("sam", pseudonym), ("aud", "sam"), ("mia", "sam"), ("ana", "sam")):
        (newest, *_) = port(wall, who).log()
        assert newest.actor == port(wall, who).entry(newest.id).row.actor, who
        assert (who, newest.actor) == (who, shown)


async def test_one_asks_another_approves_and_both_see_it_done(wall: World) -> None:
    async with desk(port(wall, "ana"), (110, 36), clock=wall.clock) as ana:
        await rebuild(ana)
        await prove(ana, wall, "what destroys in production")
        await ana.until(lambda: "waits for the approval of another person" in ana.toasts)
        assert ana.here == "OverviewScreen"
        await ana.press("w", "enter")
        assert "it is your own" in ana.screen_text()
        async with desk(port(wall, "bo"), (110, 36), clock=wall.clock) as bo:
            assert "▲ 1 to approve" in bo.screen_text() and "Rebuild a wall wall (ana" in bo.screen_text()
            await bo.press("w", "enter")
            for said in ("wall.rebuild, destroys", "ana, at the console", "tear wall down", "1. clear"):
                assert said in bo.screen_text(), said
            await bo.press("a")
            assert bo.here == "FormScreen"
            await bo.press("~seen it", "enter", "enter")
            await prove(bo, wall, "weighty changes in production")
            await bo.until(lambda: bo.here == "RequestScreen" and "RELEASED" in bo.screen_text())
        wall.work()
        await ana.until(lambda: "✔ DONE" in ana.screen_text())
        assert "wall is new" in ana.screen_text() and "✔ agreed" in ana.screen_text()


async def test_a_refusal_ends_the_request_in_both_consoles(wall: World) -> None:
    wall.prove("ana")
    wall.submit("ana", "wall.rebuild", target="wall", confirmed="wall")
    async with desk(port(wall, "mia"), (110, 36), clock=wall.clock) as mia:
        await mia.press("w", "enter", "x", "~not today", "enter", "enter")
        await mia.until(lambda: "REFUSED" in mia.screen_text())
        assert "refused by mia: not today" in mia.screen_text()


async def test_breaking_the_glass_acts_at_once_and_stands_in_every_console_until_reviewed(
    wall: World,
) -> None:
    async with desk(port(wall, "ana"), (110, 36), clock=wall.clock) as ana:
        await rebuild(ana, why="the court waits")
        await prove(ana, wall, "what destroys in production")
        await ana.until(lambda: "is with the worker" in ana.toasts)
        await ana.until(lambda: "GLASS BROKEN by ana" in ana.screen_text())
    wall.work()
    async with desk(port(wall, "bo"), (110, 36), clock=wall.clock) as bo:
        assert "GLASS BROKEN by ana" in bo.screen_text()
        await bo.press("w", "enter", "v", "~it was right", "enter", "enter")
        await bo.until(lambda: "reviewed by bo" in bo.screen_text())
        await bo.until(lambda: "GLASS BROKEN" not in bo.screen_text())


async def test_a_support_engineer_is_refused_before_anything_is_confirmed(wall: World) -> None:
    async with desk(port(wall, "sam"), (110, 36), clock=wall.clock) as sam:
        sam.console.operate("wall.tear-down", {"target": "wall"})
        await sam.until(lambda: "support engineers destroy nothing" in sam.toasts)
        assert sam.here == "OverviewScreen"


async def test_a_session_for_looking_only_changes_nothing(wall: World) -> None:
    async with desk(port(wall, "ana", read_only=True), (110, 36), clock=wall.clock) as ana:
        assert " READ-ONLY " in ana.screen_text()
        ana.console.operate("wall.paint", {"target": "wall", "colour": "red", "note": "x"})
        await ana.until(lambda: "read-only: nothing is changed from here" in ana.toasts)
        assert "painted" not in wall.kinds()


async def test_the_record_shows_who_did_what_and_proves_it(wall: World) -> None:
    wall.submit("sam", "wall.paint", target="wall", note="Mrs Huber asked for it")
    wall.gate.sealer.seal()
    async with desk(port(wall, "ana"), (110, 40), clock=wall.clock) as ana:
        await ana.press("0")
        await ana.until(lambda: ana.list("log").rows)
        (row,) = ana.list("log").rows
        assert (row.actor, row.kind, row.operation, row.index) == ("sam", "done", "wall.paint", 0)
        await ana.press("enter")
        await ana.until(lambda: "Mrs Huber asked for it" in ana.screen_text())
        await ana.press("p")
        await ana.until(lambda: (wall.folder / "proofs" / "entry-0.json").exists())
        assert (wall.folder / "proofs" / "verifier.py").exists()
        assert "Huber" not in (wall.folder / "proofs" / "entry-0.json").read_text()
        await ana.press("v")
        await ana.until(lambda: "INTACT" in ana.screen_text())


async def test_what_is_sealed_is_not_opened_for_everybody(wall: World) -> None:
    wall.submit("sam", "wall.paint", target="wall", note="Mrs Huber asked for it")
    entry = port(wall, "sam").log()[0]
    assert set(port(wall, "sam").entry(entry.id).personal.values()) == {"(sealed)"}
    assert "Mrs Huber asked for it" in port(wall, "aud").entry(entry.id).personal.values()


async def test_a_role_raised_in_the_database_opens_nothing_and_shows_as_no_role(wall: World) -> None:
    wall.submit("sam", "wall.paint", target="wall", note="Mrs Huber asked for it")
    entry = port(wall, "sam").log()[0]
    with wall.store.begin() as connection:
        connection.execute(text("UPDATE operator SET role = 'administrator' WHERE name = 'sam'"))
    assert set(port(wall, "sam").entry(entry.id).personal.values()) == {"(sealed)"}
    async with desk(port(wall, "sam"), (110, 36), clock=wall.clock) as sam:
        assert "sam, no operator" in sam.screen_text()


async def test_a_record_put_back_is_found_by_a_console_that_has_seen_more(wall: World) -> None:
    for colour in ("red", "blue"):
        wall.submit("sam", "wall.paint", target="wall", colour=colour)
        wall.gate.sealer.seal()
    async with desk(port(wall, "ana"), (110, 36), clock=wall.clock) as ana:
        await ana.until(lambda: list((wall.folder / "state").rglob("*.head")))
        assert "ROLLED BACK" not in ana.screen_text()
    with wall.store.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET session_replication_role = replica"))
        else:
            for (name,) in connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            ).all():
                connection.execute(text(f'DROP TRIGGER "{name}"'))
        connection.execute(text("DELETE FROM audit_entry WHERE leaf_index >= 1"))
        connection.execute(text("DELETE FROM audit_checkpoint WHERE size > 1"))
    async with desk(port(wall, "ana"), (110, 36), clock=wall.clock) as ana:
        await ana.until(lambda: "✖ THE RECORD IS ROLLED BACK" in ana.screen_text())


@pytest.mark.parametrize("nasty", [NASTY[0], NASTY[3]], ids=["markup", "escapes"])
async def test_hostile_arguments_and_plans_are_shown_as_text(wall: World, nasty: str) -> None:
    (wall.folder / "plan.txt").write_text(nasty)
    wall.prove("ana")
    wall.submit("ana", "wall.rebuild", target="wall", fail=nasty, confirmed="wall")
    async with desk(port(wall, "bo"), (160, 40), clock=wall.clock) as bo:
        with wall.store.read() as connection:
            number = connection.execute(text("SELECT max(id) FROM request")).scalar_one()
        await bo.console.go(RequestPlace(number))
        await bo.settle()
        shown = bo.screen_text()
        assert not any(ord(sign) < 0x20 and sign != "\n" for sign in shown)
        assert NASTY[0] in shown or nasty != NASTY[0]
        assert bo.console.is_running and not bo.crashes
